import { freezeRequest } from '../../request/canonical.ts';
import type { Dialect, Grant, RequestTarget } from '../../request/dialect.ts';
import type { ImageRequest } from '../../request/image-request.ts';
import { imgproxyAssets } from './assets.ts';
import { automaticFormats, withoutAutomaticFormats } from './automatic-formats.ts';
import { formatRequest } from './format.ts';
import { imgproxyPolicy } from './policy.ts';
import { imgproxyReplies } from './replies.ts';
import { effectiveSettings, type ImgproxyRules, rulesOf } from './rules.ts';
import type { ImgproxySettings } from './settings.ts';
import { parseV1, splitV1, type V1Path } from './v1-parse.ts';
import { parseV4, v4Signature } from './v4-parse.ts';

/**
 * The URL language of imgproxy: versions 1 and 4 whole, without the Pro edition. Both live in one mount.
 *
 * Version 4 (raw path; the signature covers `/` and everything behind its own part):
 *
 *     /{signature}/{option}/{option}/…/plain/{source, escaped}[@{format}]
 *     /{signature}/{option}/{option}/…/{source, base64url, split as one likes}[.{format}]
 *
 * An option is `name:argument:argument…`; the first part without `:` begins the source. Later options win. Without a
 * format the source's own is kept when it is JPEG, PNG or GIF, else the first of these that can hold the picture is taken.
 * Where only presets are allowed, one part names them (`{preset}:{preset}`) in the place of all options.
 *
 * Version 1 (escapes resolved first; the signature covers the same):
 *
 *     /{signature}/{fit|fill|crop}/{width}/{height}/{ce|no|so|ea|we|sm}/{enlarge}/{source, base64url}[.{jpg|jpeg|png|webp}]
 *
 * Width and height are whole numbers, 0 follows from the other side; enlarge is off for `0` and on for anything else;
 * without a format the result is JPEG.
 *
 * | path behind the signature | picture |
 * | --- | --- |
 * | `/rs:fill:300:200/g:no/plain/https://a.example/b.png@webp` | covers 300×200, cut from the bottom, WebP |
 * | `/size:300:0:1/aHR0cHM6Ly9hLmV4YW1wbGUvYi5wbmc` | 300 wide, enlarged if need be |
 * | `/q:60/plain/local:///b.png@jpg` | as large as the source, JPEG of quality 60 |
 * | `/fit/300/300/ce/0/aHR0cHM6Ly9hLmV4YW1wbGUvYi5wbmc.png` | within 300×300, PNG |
 * | `/crop/300/200/so/0/aHR0cHM6Ly9hLmV4YW1wbGUvYi5wbmc` | the lower middle 300×200, unscaled, JPEG |
 */
export const imgproxy: Dialect<ImgproxySettings> = {
  name: 'imgproxy',
  summary: 'imgproxy URLs: versions 1 and 4.',
  parse(target, settings, hints) {
    const rules = rulesOf(settings);
    const path = v1PathOf(target, rules);
    const parsed = path === null ? parseV4(target, rules, hints) : parseV1(path, rules, hints);
    return { ...parsed, image: freezeRequest(parsed.image) };
  },
  grantOf,
  format: (image, settings) =>
    formatRequest(image, {
      rules: rulesOf(settings),
      read: (path): ImageRequest => imgproxy.parse({ raw: path, path, query: '' }, settings, {}).image,
    }),
  replies: imgproxyReplies,
  policy: imgproxyPolicy,
  assets: imgproxyAssets,
  withAssets: (settings, assets) => ({ ...settings, assets }),
  wantedFormats: automaticFormats,
  withoutFormats: withoutAutomaticFormats,
  effective: effectiveSettings,
};

/** Null for paths of version 4. Where URLs may not say everything, version 1 must not be a way around that. */
function v1PathOf(target: RequestTarget, rules: ImgproxyRules): V1Path | null {
  if (rules.onlyPresets || (rules.compat === 'v4' && rules.allowedOptions !== null)) return null;
  return splitV1(target.path);
}

function grantOf(target: RequestTarget, settings: ImgproxySettings): Grant {
  const rules = rulesOf(settings);
  if (rules.keys.length === 0) return { type: 'none' };
  const v1 = v1PathOf(target, rules);
  if (v1 !== null) return { type: 'hmac', message: v1.message, signature: v1.signature };
  const { signature, path } = v4Signature(target, rules);
  return { type: 'hmac', message: `/${path}`, signature };
}

/** The same path with this signature in the place of the one it has. @param path as `format` gives it */
export const withSignature = (path: string, signature: string): string =>
  path.replace(/^\/[^/]*/, () => `/${signature}`);
