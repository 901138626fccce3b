import { freezeRequest } from '../../request/canonical.ts';
import type { Dialect, RequestTarget } from '../../request/dialect.ts';
import type { ImageRequest } from '../../request/image-request.ts';
import { formatRequest } from './format.ts';
import { optionsText, parseOptions } from './options.ts';
import { pictureOf } from './picture.ts';
import { imageproxyPolicy } from './policy.ts';
import { splitTarget } from './remote.ts';
import { imageproxyReplies } from './replies.ts';
import { effectiveSettings, rulesOf } from './rules.ts';
import type { ImageproxySettings } from './settings.ts';
import { grantFor } from './signing.ts';

/**
 * The URL language of willnorris/imageproxy.
 *
 *     /{options}/{remote URL}      /{remote URL}      //{remote URL}
 *
 * The remote URL is plain, with the query of the request as its query; or percent-encoded as a whole; or URL-safe base64
 * without padding. Slashes behind its scheme that were lost or doubled on the way are put right. With a base URL it may be
 * relative, and then the options segment must be there.
 *
 * Options are items between commas in any order, later ones win, unknown ones are passed over:
 *
 * - size: `{width}x{height}`, `{width}x`, `x{height}`, `{both}`; from 1 on pixels, below a share of the picture;
 * - `fit`: inside that box instead of covering it;
 * - crop: `cx{x}`, `cy{y}`, `cw{width}`, `ch{height}`; `sc`: the most interesting part with the shape of the size;
 * - `trim`: cuts a border off; `r{degrees}`: turns against the clock; `fv`, `fh`: mirror;
 * - output: `q{quality}`, `jpeg`, `png`, `tiff`;
 * - grant: `s{signature}`, `vu{unix seconds}` until which the URL is good, `scaleUp` (signed, but the server decides).
 *
 * Order of work: upright, trim, cut, scale, turn, mirror.
 *
 * | path | picture |
 * | --- | --- |
 * | `/200x/https://a.example/b.png` | 200 wide |
 * | `/0.5/https://a.example/b.png?v=2` | half as wide and half as high |
 * | `/150,fit,q60/https://a.example/b.jpg` | within 150×150, JPEG of quality 60 |
 * | `/cx10,cw300,100x,r90/https://a.example/b.png` | from the 10th column on 300 wide, then 100 wide, then turned |
 * | `//https://a.example/b.png` | the original |
 */
export const imageproxy: Dialect<ImageproxySettings> = {
  name: 'imageproxy',
  summary: 'imageproxy URLs.',
  parse(target, settings) {
    const rules = rulesOf(settings);
    const { options: segment, remote } = splitTarget(target, rules.base);
    const options = parseOptions(segment);
    return {
      image: freezeRequest(pictureOf(remote, options, rules)),
      delivery: { vary: [], ...(options.validUntil > 0 ? { expiresAt: options.validUntil } : {}) },
      grant: grantFor(remote, options, rules),
      // Without signature and expiry: they do not change the picture.
      names: {
        variant: `${remote}#${optionsText({ ...options, signature: '', validUntil: 0 })}`,
        original: remote,
      },
    };
  },
  format: (image, settings) =>
    formatRequest(image, (path): ImageRequest => imageproxy.parse(targetOf(path), settings, {}).image),
  replies: imageproxyReplies,
  policy: imageproxyPolicy,
  effective: effectiveSettings,
};

/** A path with its query as a request target. */
export function targetOf(raw: string): RequestTarget {
  const question = raw.indexOf('?');
  if (question === -1) return { raw, path: raw, query: '' };
  return { raw, path: raw.slice(0, question), query: raw.slice(question + 1) };
}
