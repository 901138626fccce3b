import type { Size } from '../../../core/geometry.ts';
import { type BitReader, createBitReader } from './bits.ts';

/** What the codestream says before its pixels. */
export interface JxlHeader extends Size {
  readonly alpha: boolean;
}

const signatureBytes = 2;

/** `FF 0A`, with which a codestream begins (ISO/IEC 18181-1 section D.1). */
export const isCodestream = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0x0a;

/**
 * Size as it is shown (the orientation is applied), and whether there is alpha: SizeHeader and the start of ImageMetadata
 * (ISO/IEC 18181-1 sections D.2, D.3). Takes time by the number of channels, which has 12 bits.
 * @throws RangeError when the header goes on behind the bytes
 */
export function readJxlHeader(codestream: Uint8Array): JxlHeader {
  const reader = createBitReader(codestream, signatureBytes);
  const size = readSize(reader);
  // Everything is as in most pictures: upright, 8 bits, no further channels.
  if (reader.flag()) return { ...size, alpha: false };
  const turned = reader.flag() ? readPresentation(reader) : false;
  skipDepth(reader);
  reader.skip(1);
  const alpha = readAlpha(reader);
  return turned ? { width: size.height, height: size.width, alpha } : { ...size, alpha };
}

const ratios: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 10],
  [4, 3],
  [3, 2],
  [16, 9],
  [5, 4],
  [2, 1],
];

function readSize(reader: BitReader): Size {
  const small = reader.flag();
  const side = () => (small ? (reader.bits(5) + 1) * 8 : reader.choice([1, 9], [1, 13], [1, 18], [1, 30]));
  const height = side();
  return { height, width: widthOf(reader, height, side) };
}

function widthOf(reader: BitReader, height: number, side: () => number): number {
  const ratio = ratios[reader.bits(3) - 1];
  return ratio === undefined ? side() : Math.floor((height * ratio[0]) / ratio[1]);
}

/** Orientation, intrinsic size, preview and animation. @returns whether width and height change places when shown */
function readPresentation(reader: BitReader): boolean {
  const orientation = reader.bits(3) + 1;
  if (reader.flag()) readSize(reader);
  if (reader.flag()) skipPreview(reader);
  if (reader.flag()) {
    reader.choice(100, 1000, [1, 10], [1, 30]);
    reader.choice(1, 1001, [1, 8], [1, 10]);
    reader.choice(0, [0, 3], [0, 16], [0, 32]);
    reader.skip(1);
  }
  return orientation > 4;
}

function skipPreview(reader: BitReader): void {
  const small = reader.flag();
  const side = () =>
    small ? reader.choice(16, 32, [1, 5], [33, 9]) : reader.choice([1, 6], [65, 8], [321, 10], [1345, 12]);
  widthOf(reader, side(), side);
}

function skipDepth(reader: BitReader): void {
  if (!reader.flag()) {
    reader.choice(8, 10, 12, [1, 6]);
    return;
  }
  reader.choice(32, 16, 24, [1, 6]);
  reader.skip(4);
}

/** Types of further channels that decide how long their description is. */
const types = { alpha: 0, spotColour: 2, colourFilter: 5 } as const;

/** Looks at the further channels until one of them is alpha. */
function readAlpha(reader: BitReader): boolean {
  const channels = reader.choice(0, 1, [2, 4], [1, 12]);
  for (let index = 0; index < channels; index += 1) {
    if (reader.flag()) return true;
    const type = reader.choice(0, 1, [2, 4], [18, 6]);
    if (type === types.alpha) return true;
    skipDepth(reader);
    reader.choice(0, 3, 4, [1, 3]);
    reader.skip(reader.choice(0, [0, 4], [16, 5], [48, 10]) * 8);
    if (type === types.spotColour) reader.skip(4 * 16);
    if (type === types.colourFilter) reader.choice(1, [0, 2], [3, 4], [19, 8]);
  }
  return false;
}
