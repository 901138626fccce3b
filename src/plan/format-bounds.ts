import type { EncoderOptions } from '../core/format.ts';
import type { Size } from '../core/geometry.ts';
import type { ImageInfo } from '../core/image-info.ts';
import type { Frame, PlannedStep } from '../core/operation.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { WritableFormat } from './choose-format.ts';

/** What an output format can hold: how large, how small, how many colours. */

interface Run {
  readonly steps: readonly PlannedStep[];
  readonly frame: Frame;
}

interface Bounds {
  readonly format?: WritableFormat;
  /** Largest side the request allows. */
  readonly maxSide?: number;
}

const none = Number.POSITIVE_INFINITY;

/** Shrinks the picture to what the format can express and the request allows, keeping its shape. */
export function heldBy(run: Run, { format, maxSide: allowed = none }: Bounds): Run {
  const { frame } = run;
  const maxSide = Math.min(format?.maxSide ?? none, allowed);
  const { maxPixels = none } = format ?? {};
  const bySide = maxSide / Math.max(frame.width, frame.height);
  const byPixels = Math.sqrt(maxPixels / (frame.width * frame.height));
  const factor = Math.min(bySide, byPixels);
  if (factor >= 1) return run;
  const shrunk = (length: number) => Math.max(1, Math.min(maxSide, Math.round(length * factor)));
  const size: Size = { width: shrunk(frame.width), height: shrunk(frame.height) };
  return { steps: [...run.steps, { step: 'scale', size }], frame: { ...frame, ...size } };
}

/** False for pictures too small for the format. */
export const fitsFormat = ({ width, height }: Size, { minSide = 1 }: WritableFormat): boolean =>
  Math.min(width, height) >= minSide;

/** The same request for a picture too small for the format that was chosen (imgproxy: PNG with transparency, else JPEG). */
export const standInFor = (request: ImageRequest, { alpha }: Frame): ImageRequest => ({
  ...request,
  output: { ...request.output, format: { exact: alpha ? 'png' : 'jpeg' } },
});

/** Steps after which there are no colours that were not there before. */
const colourless: ReadonlySet<string> = new Set(['extract', 'orient']);

/**
 * A PNG made of a palette stays one (imgproxy). Of the same depth only where its colours stay the same: two or sixteen
 * are too few for what scaling makes of them. GIF needs no telling: libvips takes the palette of the source along.
 */
export function paletteOptions(
  { palette, bits }: ImageInfo,
  format: string,
  steps: readonly PlannedStep[],
): EncoderOptions {
  if (format !== 'png' || !palette || bits > 8) return {};
  const same = steps.every(({ step }) => colourless.has(step));
  return { palette: true, colours: same ? 2 ** bits : 256 };
}
