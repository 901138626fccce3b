/**
 * Signs a URL for a mount with `dialect: imgproxy`. Key and salt, in hexadecimal, come from the environment; the argument is
 * all that follows the signature. What it prints belongs behind the address of the mount.
 *
 *   IMGPROXY_KEY=… IMGPROXY_SALT=… npx node examples/sign-imgproxy-url.ts /rs:fit:800:800/plain/https://example.com/cat.jpg@webp
 */
import { createHmac } from 'node:crypto';
import { argv, env, exit } from 'node:process';

/** HMAC-SHA256 of salt and path, as base64 for URLs and without padding. */
function signPath(path: string, key: Buffer, salt: Buffer): string {
  const signature = createHmac('sha256', key).update(salt).update(path).digest('base64url');
  return `/${signature}${path}`;
}

const path = argv[2];
const { IMGPROXY_KEY, IMGPROXY_SALT } = env;
if (!path?.startsWith('/') || !IMGPROXY_KEY || !IMGPROXY_SALT) {
  console.error('IMGPROXY_KEY, IMGPROXY_SALT and a path that begins with / are needed');
  exit(2);
}
console.log(signPath(path, Buffer.from(IMGPROXY_KEY, 'hex'), Buffer.from(IMGPROXY_SALT, 'hex')));
