import * as z from 'zod';
import { byteSize, count } from '../core/settings.ts';

/** The `limits` section. Every bound is checked before a pixel is decoded; 0 switches a bound off. */
export const limitsSettings = z.strictObject({
  maxPixels: count(50_000_000).describe(
    'Width × height of a source image, in pixels. The default lets the photos of today’s cameras and phones in and keeps a decoded image below 200 MB. Vector images are not refused but drawn smaller.',
  ),
  maxSide: count(32_767).describe(
    'Width or height of a source image, in pixels. The default lets panoramas in and stops images made of one endless line, which cost decoders more than their area says.',
  ),
  maxFrames: count(500).describe(
    'Frames of an animation that are kept; further ones are left out. 1 turns animations into stills. The default is 20 seconds at 25 frames per second.',
  ),
  maxFramePixels: count(100_000_000).describe(
    'Width × height × kept frames of an animation, in pixels; also bounds how far one can be enlarged. The default is about three seconds of work.',
  ),
  maxResultPixels: count(50_000_000).describe(
    'Width × height of a result, in pixels: how far a URL can enlarge. Results no larger than their source always pass.',
  ),
  maxSourceBytes: byteSize('100MB').describe(
    'Encoded size of a source, in bytes. Uploads have a bound of their own (`maxUploadBytes`, `maxUploadMegabytes`). The default holds any JPEG, WebP or AVIF within maxPixels and most PNG and TIFF files.',
  ),
});

export type LimitsSettings = z.infer<typeof limitsSettings>;

/** Names of the bounds. */
export type LimitName = keyof LimitsSettings;

const { maxPixels, maxSide, maxFrames, maxFramePixels, maxResultPixels, maxSourceBytes } =
  limitsSettings.shape;

const sameAs = (name: LimitName): string => `As \`limits.${name}\`, for this mount. Absent: the server’s.`;

/** The `limits` of a mount: the same names, none of which has to be there. */
export const mountLimitsSettings = z
  .strictObject({
    maxPixels: maxPixels.removeDefault().optional().describe(sameAs('maxPixels')),
    maxSide: maxSide.removeDefault().optional().describe(sameAs('maxSide')),
    maxFrames: maxFrames.removeDefault().optional().describe(sameAs('maxFrames')),
    maxFramePixels: maxFramePixels.removeDefault().optional().describe(sameAs('maxFramePixels')),
    maxResultPixels: maxResultPixels.removeDefault().optional().describe(sameAs('maxResultPixels')),
    maxSourceBytes: maxSourceBytes
      .unwrap()
      .optional()
      .describe(
        'Encoded size of what is fetched or uploaded here, in bytes. Absent: the server’s for what is fetched, and for uploads only the bound of their language.',
      ),
    mayExceed: z
      .boolean()
      .optional()
      .describe('Let these bounds lie above those of the server. Otherwise that stops the start.'),
  })
  .describe(
    'Bounds on the images of this mount. 0 switches a bound off, which counts as above the server’s.',
  );

export type MountLimitsSettings = z.infer<typeof mountLimitsSettings>;
