/**
 * Pictures of a folder for those who bring a good token: `?t=` holds a JSON Web Token, signed by the secret in the file
 * that VERIFICATION_KEY names (default: verification.key).
 *
 *   VERIFICATION_KEY=verification.key npx node examples/verify-tokens.ts
 */
import { readFile } from 'node:fs/promises';
import { env } from 'node:process';
import { errors, jwtVerify } from 'jose';
import { createImageServer, type Verify } from '../src/index.ts'; // elsewhere: from 'pictor'

const keyFile = env['VERIFICATION_KEY'] ?? 'verification.key';

const verifyToken: Verify = async (token, { target }) => {
  if (token === null) return false;
  try {
    // Read anew, so that another key counts at once. The algorithm is ours to say, never the token's.
    await jwtVerify(token, await readFile(keyFile), { algorithms: ['HS256'] });
    return true;
  } catch (error) {
    if (error instanceof errors.JWTExpired) console.error('expired:', target);
    else if (error instanceof errors.JWSSignatureVerificationFailed) console.error('forged:', target);
    else if (!(error instanceof errors.JOSEError)) throw error;
    return false;
  }
};

const server = await createImageServer({
  server: { bind: `127.0.0.1:${env['PORT'] ?? 8080}` },
  admin: { bind: '' },
  cache: { dir: '' },
  log: { level: 'warn' },
  mounts: [{ dialect: 's3imageserver', prefix: '/h', settings: { folder: 'samples' } }],
  verify: verifyToken,
});

console.log('listening on', (await server.listen()).server);
process.once('SIGTERM', () => void server.close());
