import type { EncoderOptions, FormatDefinition } from '../core/format.ts';
import { formats } from '../formats/index.gen.ts';
import type { ImageRequest } from '../request/image-request.ts';

/** Larger results are left as they are: AVIF takes 20 seconds for as many pixels. */
const mostPixels = 6_000_000;

/** Encoder options that say nothing of how much time the encoder takes. */
const aside: ReadonlySet<string> = new Set([
  'chromaSubsampling',
  'bitdepth',
  'alphaQuality',
  'smartSubsample',
  'preset',
]);

/** A picture that was made. */
export interface MadePicture {
  readonly mediaType: string;
  readonly width: number;
  /** Of one frame. */
  readonly height: number;
  readonly animated: boolean;
}

/**
 * The same request with options that cost the encoder more time and save bytes at the same quality. Null where there are
 * none: lossless formats, animations, very large results, a size in bytes the quality was chosen for, originals that are
 * handed over as they are, and encoder options of the request's own, which always win.
 */
export function thoroughRequest(request: ImageRequest, made: MadePicture): ImageRequest | null {
  const format = formatOf(made.mediaType);
  const thorough = format?.write?.thorough;
  if (format === undefined || thorough === undefined) return null;
  if (made.animated || made.width * made.height > mostPixels) return null;
  const { maxBytes, untouched = [], encoder = {} } = request.output;
  const own: EncoderOptions = encoder[format.name] ?? {};
  if (maxBytes !== undefined || untouched.includes(format.name) || !isFree(own)) return null;
  const output = { ...request.output, encoder: { ...encoder, [format.name]: { ...own, ...thorough } } };
  return { ...request, output };
}

/** Progressive JPEG is what thorough JPEG is anyway. */
const isFree = (own: EncoderOptions): boolean =>
  Object.entries(own).every(([name, value]) => aside.has(name) || (name === 'progressive' && value === true));

const formatOf = (mediaType: string): FormatDefinition | undefined =>
  Object.values<FormatDefinition>(formats).find(({ mediaTypes }) => mediaTypes[0] === mediaType);
