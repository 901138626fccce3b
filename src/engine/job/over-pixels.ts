import sharp from 'sharp';
import type { FramePixels } from '../../core/operation.ts';
import { rendererOf } from '../../operations/render/renderer-of.ts';
import type { Pass } from '../../plan/passes.ts';
import { type ColourPolicy, inSpace } from './colour.ts';
import { internal } from './failures.ts';
import { fromEncoded, fromPixels, type Picture } from './picture.ts';
import { framesOf, type RawPixels, stack, toPixels } from './pixels.ts';
import { withPixelsOf } from './png-carrier.ts';

/** Makes new values for a frame. */
export type PixelWork = (frame: FramePixels) => FramePixels['data'];

/** What a pass does that is a loop over pixels; null for a pass that sharp does. */
export function pixelWorkOf({ steps }: Pass): PixelWork | null {
  const [first] = steps;
  if (first === undefined) return null;
  const renderer = rendererOf(first.step);
  return 'renderPixels' in renderer ? (frame) => renderer.renderPixels(frame, first.step) : null;
}

/** The picture after such a pass: raw pixels, frame by frame. @throws PictorError */
export async function workedPixels(picture: Picture, work: PixelWork): Promise<Picture> {
  const pixels = picture.pixels ?? (await toPixels(picture.start(), picture));
  const frames = framesOf(pixels, picture.frames).map(
    (frame): RawPixels => ({ ...frame, data: bytesOf(work(frame)) }),
  );
  return fromPixels(stack(frames), picture.frames);
}

/**
 * The same for a still that takes along what raw pixels cannot hold: its depth, profile and metadata stay.
 * @param png what the chain of the picture reads
 * @throws PictorError
 */
export async function workedPng(
  png: Uint8Array,
  { work, colour }: { readonly work: PixelWork; readonly colour: ColourPolicy },
): Promise<Picture> {
  const deep = colour.space === 'rgb16' || colour.space === 'grey16';
  // The values as they are: no profile is applied, and none comes to lie in raw pixels.
  const stored = sharp(png, { ignoreIcc: true, limitInputPixels: false });
  const { data, info } = await inSpace(stored, colour)
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(internal);
  const { width, height, channels } = info;
  const values = work({ data: deep ? shortsOf(data) : data, width, height, channels });
  const chain = sharp(values, { raw: { width, height, channels }, limitInputPixels: false });
  const worked = await inSpace(chain, colour).png({ compressionLevel: 0 }).toBuffer().catch(internal);
  return fromEncoded(withPixelsOf(png, worked), { width, height, grey: channels < 3 });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: FramePixels['data']): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** A copy, because a view of 16-bit numbers must begin at an even byte. */
function shortsOf(data: Uint8Array): Uint16Array {
  const bytes = Uint8Array.from(data);
  return new Uint16Array(bytes.buffer);
}
