import type { FramePixels } from '../../core/operation.ts';

/**
 * Squares of `side` pixels, from the top left corner on, each in the colour of its mean. What hangs over at the right and
 * at the bottom is filled by the picture mirrored there. The numbers are those of imgproxy, which grows the picture, shrinks
 * it by whole factors and enlarges it again in libvips: a mean of each column of a square, then of these, each rounded.
 * Other than there, a pixel gives colour by as much as it is opaque, so that nothing gets dark where nothing is seen.
 */
export function blockMeans(frame: FramePixels, side: number): FramePixels['data'] {
  const { data, width, height, channels } = frame;
  const means = new (data.BYTES_PER_ELEMENT === 1 ? Uint8Array : Uint16Array)(data.length);
  const across = spansOf(width, side);
  const stride = width * channels;
  for (const [index, rows] of spansOf(height, side).entries()) {
    const top = index * side;
    const line = means.subarray(top * stride, (top + 1) * stride);
    meansOfBand(frame, { rows, across, side, line });
    const bottom = Math.min(height, top + side);
    for (let y = top + 1; y < bottom; y += 1) means.set(line, y * stride);
  }
  return means;
}

/** Places along one side of the picture that a block is made of, and how often each. */
interface Span {
  readonly places: Uint32Array;
  readonly counts: Uint32Array;
}

function spansOf(length: number, side: number): Span[] {
  return Array.from({ length: Math.ceil(length / side) }, (_, index) => {
    const start = index * side;
    const counts = new Map<number, number>();
    for (let at = start; at < start + side; at += 1) {
      const place = mirrored(at, length);
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    return { places: Uint32Array.from(counts.keys()), counts: Uint32Array.from(counts.values()) };
  });
}

/** Behind its end the picture stands the other way round, then as it is, and so on. */
function mirrored(at: number, length: number): number {
  const place = at % (2 * length);
  return place < length ? place : 2 * length - 1 - place;
}

interface Band {
  readonly rows: Span;
  readonly across: readonly Span[];
  readonly side: number;
  /** The first line of the result; the others are like it. */
  readonly line: FramePixels['data'];
}

function meansOfBand(frame: FramePixels, { rows, across, side, line }: Band): void {
  const { data, width, channels } = frame;
  const deep = data.BYTES_PER_ELEMENT > 1;
  const mean = deep ? deepMean(side) : byteMean(side);
  const columns = columnSums(frame, rows);
  const visible = channels % 2 === 0 ? visibleSums(frame, rows) : null;
  const opaque = (deep ? 65_535 : 255) * side * side;
  const colour = new Float64Array(channels);
  for (const [index, { places, counts }] of across.entries()) {
    for (let channel = 0; channel < channels; channel += 1) {
      let sum = 0;
      for (let each = 0; each < places.length; each += 1)
        sum += mean(columns[places[each]! * channels + channel]!) * counts[each]!;
      colour[channel] = mean(sum);
    }
    if (visible !== null) weigh(colour, visible, { span: across[index]!, opaque });
    for (let x = index * side, end = Math.min(width, x + side); x < end; x += 1)
      line.set(colour, x * channels);
  }
}

/** The sum of each column of the band, channel by channel. */
function columnSums({ data, width, channels }: FramePixels, { places, counts }: Span): Float64Array {
  const stride = width * channels;
  const sums = new Float64Array(stride);
  for (let each = 0; each < places.length; each += 1) {
    const start = places[each]! * stride;
    const count = counts[each]!;
    for (let at = 0; at < stride; at += 1) sums[at]! += data[start + at]! * count;
  }
  return sums;
}

/** The same, with each colour as much as it is opaque. */
function visibleSums({ data, width, channels }: FramePixels, { places, counts }: Span): Float64Array {
  const stride = width * channels;
  const last = channels - 1;
  const sums = new Float64Array(stride);
  for (let each = 0; each < places.length; each += 1) {
    const start = places[each]! * stride;
    for (let at = 0; at < stride; at += channels) {
      const alpha = data[start + at + last]! * counts[each]!;
      for (let channel = 0; channel < last; channel += 1)
        sums[at + channel]! += data[start + at + channel]! * alpha;
      sums[at + last]! += alpha;
    }
  }
  return sums;
}

/** Replaces the colour of a block that is not opaque everywhere. */
function weigh(
  colour: Float64Array,
  visible: Float64Array,
  { span, opaque }: { readonly span: Span; readonly opaque: number },
): void {
  const channels = colour.length;
  const totals = new Float64Array(channels);
  for (let each = 0; each < span.places.length; each += 1) {
    for (let channel = 0; channel < channels; channel += 1)
      totals[channel]! += visible[span.places[each]! * channels + channel]! * span.counts[each]!;
  }
  const alpha = totals[channels - 1]!;
  if (alpha === opaque) return;
  for (let channel = 0; channel < channels - 1; channel += 1)
    colour[channel] = alpha === 0 ? 0 : Math.round(totals[channel]! / alpha);
}

/**
 * Half is rounded up, but by a factor of 24 bits in place of a division, as libvips has it for 8 bits (`shrinkv.c`): with
 * some sides an exact half goes down.
 */
function byteMean(side: number): (sum: number) => number {
  const half = Math.floor(side / 2);
  const factor = Math.floor(2 ** 24 / side);
  return (sum) => ((sum + half) * factor) >>> 24;
}

function deepMean(side: number): (sum: number) => number {
  const half = Math.floor(side / 2);
  return (sum) => Math.floor((sum + half) / side);
}
