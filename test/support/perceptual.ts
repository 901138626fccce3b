import sharp from 'sharp';

/** Comparing pictures as an eye would: small, in CIE Lab, over middle grey. */

export interface Lab {
  readonly l: number;
  readonly a: number;
  readonly b: number;
}

type Image = string | Uint8Array;

const side = 32;

/**
 * Mean CIE 1976 distance of two pictures (of any size), scaled to the same small size first. 0: equal; below 2 hardly seen;
 * different pictures are above 10.
 */
export async function perceptualDistance(one: Image, other: Image): Promise<number> {
  const [first, second] = await Promise.all([small(one), small(other)]);
  let sum = 0;
  for (let at = 0; at < first.length; at += 3) sum += labDistance(labAt(first, at), labAt(second, at));
  return sum / (first.length / 3);
}

/** sRGB of one pixel, in 0..255; `share` places it in 0..1 of width and height. */
export async function colourAt(
  image: Image,
  share: { readonly x: number; readonly y: number },
): Promise<readonly number[]> {
  const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
  const x = Math.floor(share.x * info.width);
  const y = Math.floor(share.y * info.height);
  return [...data.subarray((y * info.width + x) * info.channels, (y * info.width + x + 1) * info.channels)];
}

/** CIE 1976 distance of two sRGB colours. */
export function colourDistance(one: readonly number[], other: readonly number[]): number {
  return labDistance(labAt(one, 0), labAt(other, 0));
}

async function small(image: Image): Promise<Uint8Array> {
  return sharp(image)
    .flatten({ background: { r: 128, g: 128, b: 128 } })
    .toColourspace('srgb')
    .resize(side, side, { fit: 'fill' })
    .raw()
    .toBuffer();
}

const labDistance = (one: Lab, other: Lab) => Math.hypot(one.l - other.l, one.a - other.a, one.b - other.b);

/** sRGB (IEC 61966-2-1) to Lab under D65. */
function labAt(pixels: ArrayLike<number>, at: number): Lab {
  const [r, g, b] = [0, 1, 2].map((channel) => linear((pixels[at + channel] ?? 0) / 255)) as [
    number,
    number,
    number,
  ];
  const x = curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = curve(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return { l: 116 * y - 16, a: 500 * (x - y), b: 200 * (y - z) };
}

const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const curve = (value: number) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
