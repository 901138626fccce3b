import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { exportJWK, type JWK, SignJWT } from 'jose';
import type { PictorError } from '../../../src/core/errors.ts';
import type { PictorEvent } from '../../../src/core/events.ts';
import type { VerifyPolicy } from '../../../src/request/dialect.ts';
import { createTokenVerifier } from '../../../src/service/verify-token.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const noon = Date.UTC(2026, 0, 1, 12);

interface Opened {
  readonly good: (token: string | null) => Promise<boolean>;
  readonly load: () => Promise<void>;
  readonly events: readonly PictorEvent[];
  now: number;
}

function open(policy: Partial<VerifyPolicy> & Pick<VerifyPolicy, 'key'>): Opened {
  const events: PictorEvent[] = [];
  const opened: Opened = {
    now: noon,
    events,
    load: () => verifier.load(),
    async good(token) {
      try {
        await verifier.verify(token);
        return true;
      } catch (thrown) {
        assert.equal((thrown as PictorError).code, 'TOKEN_INVALID');
        return false;
      }
    },
  };
  const verifier = createTokenVerifier(
    { algorithms: [], ...policy },
    { emit: (event) => events.push(event), now: () => opened.now },
  );
  return opened;
}

async function loaded(policy: Parameters<typeof open>[0]): Promise<Opened> {
  const opened = open(policy);
  await opened.load();
  return opened;
}

const vectors = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../golden/dialects/s3imageserver.json'), 'utf8'),
) as {
  tokens: readonly { name: string; authority: string; key: string; token: string | null; good: boolean }[];
};

for (const { name, authority, key, token, good } of vectors.tokens) {
  test(`${name} (${authority})`, async () => {
    const verifier = await loaded({ key: { text: key }, algorithms: ['HS256'] });
    assert.equal(await verifier.good(token), good);
    const byDefault = await loaded({ key: { text: key } });
    assert.equal(await byDefault.good(token), good, 'HS256 is the usual algorithm of a secret');
  });
}

const kinds = [
  ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['EdDSA', generateKeyPairSync('ed25519')],
] as const;

for (const [alg, { publicKey, privateKey }] of kinds) {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const signed = () => new SignJWT({ sub: 'client' }).setProtectedHeader({ alg }).sign(privateKey);

  test(`${alg}: a public key as PEM, JWK and in a set, with no word about algorithms`, async () => {
    const token = await signed();
    const jwk = await exportJWK(publicKey);
    const other = await exportJWK(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
    const set = { keys: [{ ...other, use: 'enc' }, other, jwk] };
    for (const text of [pem, JSON.stringify(jwk), JSON.stringify({ ...jwk, alg }), JSON.stringify(set)]) {
      const verifier = await loaded({ key: { text } });
      assert.equal(await verifier.good(token), true, text.slice(0, 30));
      assert.equal(await verifier.good(`${token.slice(0, -6)}AAAAAA`), false);
    }
  });

  test(`${alg}: the bytes of the public key are no secret`, async () => {
    for (const secret of [pem, pem.trim()]) {
      const forged = await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(utf8(secret));
      assert.equal(await (await loaded({ key: { text: pem } })).good(forged), false);
      const both = await loaded({ key: { text: pem }, algorithms: ['HS256', alg] });
      assert.equal(await both.good(forged), false);
      assert.equal(await both.good(await signed()), true);
    }
    await assert.rejects(loaded({ key: { text: pem }, algorithms: ['HS256'] }), { code: 'INTERNAL' });
  });
}

test('a token that names its key is only tried with that one', async () => {
  const [, { publicKey, privateKey }] = kinds[1];
  const jwk = await exportJWK(publicKey);
  const verifier = await loaded({
    key: { text: JSON.stringify({ keys: [{ ...jwk, kid: 'a' } satisfies JWK] }) },
  });
  const signed = (kid: string) => new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
  assert.equal(await verifier.good(await signed('a')), true);
  assert.equal(await verifier.good(await signed('b')), false);
});

test('the edges of exp and nbf, audience and issuer', async () => {
  const secret = 'a secret that is long enough';
  const policy = { key: { text: secret }, audience: 'pictures', issuer: 'us' };
  const verifier = await loaded(policy);
  const sign = (claims: Record<string, unknown>) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(utf8(secret));
  const ours = { aud: 'pictures', iss: 'us' };
  const second = noon / 1000;
  assert.equal(await verifier.good(await sign({ ...ours, exp: second + 1 })), true);
  assert.equal(await verifier.good(await sign({ ...ours, exp: second - 1 })), false);
  assert.equal(await verifier.good(await sign({ ...ours, nbf: second })), true);
  assert.equal(await verifier.good(await sign({ ...ours, nbf: second + 1 })), false);
  assert.equal(await verifier.good(await sign({ ...ours, aud: ['films', 'pictures'] })), true);
  assert.equal(await verifier.good(await sign({ ...ours, aud: 'films' })), false);
  assert.equal(await verifier.good(await sign({ ...ours, iss: 'them' })), false);
  assert.equal(await verifier.good(await sign({ iss: 'us' })), false);
  assert.equal(await verifier.good(await sign({ ...ours, exp: 'soon' })), false);
});

test('texts that are no tokens are refused, however long', async () => {
  const verifier = await loaded({ key: { text: 'secret' } });
  for (const text of ['', 'a.b', 'a.b.c', '..', '{}', `${'a'.repeat(100_000)}.b.c`, 'é.ü.ö'])
    assert.equal(await verifier.good(text), false);
});

test('a key file is read again when it has changed, and while it is gone or broken no token is good', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'verification.key');
  const sign = (secret: string) => new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(utf8(secret));
  const [first, second] = [await sign('first'), await sign('second')];
  await writeFile(file, 'first\n');
  const verifier = await loaded({ key: { file } });
  assert.equal(await verifier.good(first), true);

  await writeFile(file, 'second');
  assert.equal(await verifier.good(second), false, 'not looked at yet');
  verifier.now += 1001;
  assert.equal(await verifier.good(second), true);
  assert.equal(await verifier.good(first), false);

  await rm(file);
  verifier.now += 1001;
  assert.equal(await verifier.good(second), false);
  verifier.now += 1001;
  assert.equal(await verifier.good(second), false);
  const told = verifier.events.filter((event) => event.type === 'notice' && event.level === 'error');
  assert.equal(told.length, 1, 'told once');
  assert.doesNotMatch(JSON.stringify(verifier.events), /second/, 'no secret is told');

  await writeFile(file, '');
  verifier.now += 1001;
  assert.equal(await verifier.good(second), false);
  await writeFile(file, 'first');
  await utimes(file, 1, 1);
  verifier.now += 1001;
  assert.equal(await verifier.good(first), true);
});

test('what is wrong with a key is told at the start', async (t) => {
  const folder = await temporaryFolder(t);
  const dsa = generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 });
  const wrong: readonly (readonly [VerifyPolicy['key'], RegExp])[] = [
    [{ file: path.join(folder, 'none') }, /no such file/],
    [{ text: ' \n' }, /empty/],
    [{ text: '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----' }, /no public key/],
    [{ text: dsa.publicKey.export({ type: 'spki', format: 'pem' }).toString() }, /dsa/],
    [{ text: '{"kty":' }, /neither/],
    [{ text: '{"kty":"EC","crv":"P-256"}' }, /cannot be read/],
    [{ text: '{"kty":"oct","k":"c2VjcmV0","alg":"RS256"}' }, /sign no tokens/],
    [{ text: '{"keys":[]}' }, /no such key/],
  ];
  for (const [key, reason] of wrong) {
    await assert.rejects(loaded({ key }), (thrown: PictorError) => {
      assert.match(thrown.detail ?? '', reason);
      return true;
    });
  }
});
