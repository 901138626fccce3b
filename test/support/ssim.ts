import sharp from 'sharp';

const window = 8;
/** Constants of the formula for 8 bits: (0.01 · 255)² and (0.03 · 255)². */
const c1 = 6.5025;
const c2 = 58.5225;

/**
 * Structural similarity of two pictures of one size: mean over windows of 8×8 pixels of their luma (Wang et al., 2004).
 * 1: alike.
 */
export async function ssim(one: Uint8Array, other: Uint8Array): Promise<number> {
  const [a, b] = await Promise.all([luma(one), luma(other)]);
  if (a.width !== b.width || a.height !== b.height) throw new Error('pictures of different sizes');
  let sum = 0;
  let count = 0;
  for (let top = 0; top + window <= a.height; top += window) {
    for (let left = 0; left + window <= a.width; left += window) {
      sum += likeness(a, b, top * a.width + left);
      count += 1;
    }
  }
  return sum / count;
}

interface Luma {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

async function luma(picture: Uint8Array): Promise<Luma> {
  const { data, info } = await sharp(picture)
    .flatten({ background: '#808080' })
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

function likeness(a: Luma, b: Luma, start: number): number {
  const pixels = window * window;
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  for (let y = 0; y < window; y += 1) {
    for (let x = 0; x < window; x += 1) {
      const at = start + y * a.width + x;
      const [p, q] = [a.data[at]!, b.data[at]!];
      sumA += p;
      sumB += q;
      squaresA += p * p;
      squaresB += q * q;
      products += p * q;
    }
  }
  const [meanA, meanB] = [sumA / pixels, sumB / pixels];
  const varianceA = squaresA / pixels - meanA * meanA;
  const varianceB = squaresB / pixels - meanB * meanB;
  const covariance = products / pixels - meanA * meanB;
  return (
    ((2 * meanA * meanB + c1) * (2 * covariance + c2)) /
    ((meanA * meanA + meanB * meanB + c1) * (varianceA + varianceB + c2))
  );
}
