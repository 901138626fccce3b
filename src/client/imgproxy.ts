import { encodeBase64Url } from '../lib/base64url.ts';
import { decodeHex } from '../lib/hex.ts';
import { trimBase } from './escape.ts';
import { hmacSha256 } from './hmac.ts';

/** Key and salt of a server, as bytes or in hexadecimal. Never in a browser. */
export interface ImgproxyKeys {
  readonly key: string | Uint8Array;
  readonly salt: string | Uint8Array;
  /** Leading bytes of the digest that the server compares, 1..32. Default 32 (`IMGPROXY_SIGNATURE_SIZE`). */
  readonly size?: number;
}

/** A picture as imgproxy's URLs (version 4) say it. */
export interface ImgproxyPicture {
  /** `https://…`, `s3://…`, `local:///…`. */
  readonly source: string;
  /** In order, each with its arguments: `{ rs: ['fill', 300, 200], q: 60 }`. What is undefined is left out. */
  readonly options?: Readonly<Record<string, ImgproxyValue | readonly ImgproxyValue[] | undefined>>;
  /** Extension of the result: `webp`. Default: the server chooses. */
  readonly format?: string;
  /** How the source is written. Default `plain`. */
  readonly encoding?: 'plain' | 'base64';
}

/** An argument of an option; truth is written as 1 or 0. */
export type ImgproxyValue = string | number | boolean;

/** Where the picture is asked for. */
export interface ImgproxyServer {
  /** Address of the server and prefix of the mount. Default: none, the result begins with a slash. */
  readonly base?: string;
  /** Absent: the URL is not signed. */
  readonly keys?: ImgproxyKeys;
}

/** @throws TypeError, without the value */
function bytesOf(value: string | Uint8Array, name: string): Uint8Array {
  const bytes = typeof value === 'string' ? decodeHex(value) : value;
  if (bytes === null) throw new TypeError(`the ${name} is not hexadecimal`);
  return bytes;
}

/**
 * A path with its signature before it.
 * @param path all that follows the signature, with its first slash, just as it will be sent
 * @throws TypeError for keys that are not hexadecimal or empty
 */
export async function signImgproxyPath(
  path: string,
  { key, salt, size = 32 }: ImgproxyKeys,
): Promise<string> {
  if (!path.startsWith('/')) throw new TypeError('expected a path that begins with /');
  const salted = bytesOf(salt, 'salt');
  const text = new TextEncoder().encode(path);
  const message = new Uint8Array(salted.length + text.length);
  message.set(salted);
  message.set(text, salted.length);
  const digest = await hmacSha256(bytesOf(key, 'key'), message);
  return `/${encodeBase64Url(digest.subarray(0, size))}${path}`;
}

/** The path behind the signature. */
function picturePath({ source, options = {}, format = '', encoding = 'plain' }: ImgproxyPicture): string {
  const parts = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value].flat().map(argumentText).join(':')],
  );
  const text = source.toWellFormed();
  const tail =
    encoding === 'plain'
      ? `plain/${encodeURIComponent(text)}${format === '' ? '' : `@${format}`}`
      : `${encodeBase64Url(new TextEncoder().encode(text))}${format === '' ? '' : `.${format}`}`;
  return `/${[...parts, tail].join('/')}`;
}

/** What would end the path is escaped. A colon cannot be: servers read `%3A` as one, so it always ends an argument. */
const argumentText = (value: ImgproxyValue): string =>
  typeof value === 'boolean'
    ? String(Number(value))
    : encodeURIComponent(String(value)).replaceAll('%3A', ':');

/** The URL that asks a mount with imgproxy's language for a picture. @throws TypeError as `signImgproxyPath` */
export async function imgproxyUrl(picture: ImgproxyPicture, server: ImgproxyServer = {}): Promise<string> {
  const { base = '', keys } = server;
  const path = picturePath(picture);
  return trimBase(base) + (keys === undefined ? `/unsafe${path}` : await signImgproxyPath(path, keys));
}
