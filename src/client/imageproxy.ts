import { noOptions, optionsText, type UrlOptions } from '../dialects/imageproxy/options.ts';
import { signingInput } from '../dialects/imageproxy/sign.ts';
import { encodeBase64Url } from '../lib/base64url.ts';
import { trimBase } from './escape.ts';
import { hmacSha256 } from './hmac.ts';

/** What imageproxy's URLs can ask for. Widths and heights below 1 are a share of the picture. */
export type ImageproxyOptions = Partial<Omit<UrlOptions, 'signature'>>;

/** Where the picture is asked for. */
export interface ImageproxyServer {
  /** Address of the server and prefix of the mount. Default: none, the result begins with a slash. */
  readonly base?: string;
  /** Signs URL and options. Absent: the URL is not signed. Never in a browser. */
  readonly key?: string | Uint8Array;
}

/** A picture as imageproxy's URLs say it. */
export interface ImageproxyPicture {
  /** `https://…` */
  readonly source: string;
  readonly options?: ImageproxyOptions;
}

/**
 * The URL that asks a mount with imageproxy's language for a picture.
 * @throws TypeError for an empty key, or a source to be signed that is no absolute URL
 */
export async function imageproxyUrl(
  { source, options: wished = {} }: ImageproxyPicture,
  { base = '', key }: ImageproxyServer = {},
): Promise<string> {
  const options: UrlOptions = { ...noOptions, ...wished };
  const remote = encodeURIComponent(source.toWellFormed());
  const written = (signature: string) =>
    `${trimBase(base)}/${optionsText({ ...options, signature })}/${remote}`;
  if (key === undefined) return written('');
  // The server takes the URL apart and writes it anew before it compares: so must who signs.
  const input = signedText(source, `/${optionsText(options)}/${remote}`);
  return written(encodeBase64Url(await hmacSha256(key, input)));
}

/** What the server is going to compare. A relative source is not known here: it depends on the server's base URL. */
function signedText(source: string, path: string): string {
  if (!/^https?:/i.test(source) || !URL.canParse(source)) {
    throw new TypeError('only absolute http and https sources can be signed');
  }
  return signingInput(path, { urlOnly: false });
}
