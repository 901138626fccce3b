/** x and y of a colour (CIE 1931). */
export type Chromaticity = readonly [x: number, y: number];

/** Colours of three lights and the way numbers stand for their strength: all that most pictures need to say. */
export interface LightColours {
  readonly white: Chromaticity;
  readonly red: Chromaticity;
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
  /** Exponent from stored numbers to light, or the curve of sRGB. */
  readonly curve: 'srgb' | number;
}

type Vector = readonly [number, number, number];
type Matrix = readonly [Vector, Vector, Vector];

/** White of the profile connection space (ICC.1:2022 section 6.3.4.3). */
const d50: Vector = [0.9642, 1, 0.8249];

/** Bradford cone responses (ICC.1:2022 annex E). */
const bradford: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
];

/**
 * A display profile (ICC.1:2022, version 4, three components with matrix and curves) of these lights: for pictures that
 * say their colours in numbers of their container, which libvips does not read.
 */
export function matrixProfile({ white, red, green, blue, curve }: LightColours): Uint8Array {
  const adapt = adaptation(fromChromaticity(white));
  const lights = multiply(adapt, lightMatrix([red, green, blue], fromChromaticity(white)));
  const column = (index: 0 | 1 | 2): Vector => [lights[0][index], lights[1][index], lights[2][index]];
  const trc = curveTag(curve);
  return assemble([
    ['desc', textTag('Colours of the picture')],
    ['cprt', textTag('No copyright, use freely')],
    ['wtpt', xyzTag(d50)],
    ['chad', fixedTag('sf32', adapt.flat())],
    ['rXYZ', xyzTag(column(0))],
    ['gXYZ', xyzTag(column(1))],
    ['bXYZ', xyzTag(column(2))],
    ['rTRC', trc],
    ['gTRC', trc],
    ['bTRC', trc],
  ]);
}

/** XYZ with a luminance of 1. */
const fromChromaticity = ([x, y]: Chromaticity): Vector => [x / y, 1, (1 - x - y) / y];

/** From red, green and blue light to XYZ: all three together give the white. */
function lightMatrix(lights: readonly [Chromaticity, Chromaticity, Chromaticity], white: Vector): Matrix {
  const columns = transpose(lights.map(fromChromaticity) as unknown as Matrix);
  const strengths = apply(inverse(columns), white);
  return columns.map((row) => row.map((value, index) => value * strengths[index]!)) as unknown as Matrix;
}

/** From colours as seen under this white to the same under D50. */
function adaptation(white: Vector): Matrix {
  const [from, to] = [apply(bradford, white), apply(bradford, d50)];
  const scaled = bradford.map((row, index) => row.map((value) => (value * to[index]!) / from[index]!));
  return multiply(inverse(bradford), scaled as unknown as Matrix);
}

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const apply = (rows: Matrix, vector: Vector): Vector => [
  dot(rows[0], vector),
  dot(rows[1], vector),
  dot(rows[2], vector),
];
const transpose = ([a, b, c]: Matrix): Matrix => [
  [a[0], b[0], c[0]],
  [a[1], b[1], c[1]],
  [a[2], b[2], c[2]],
];
const multiply = (a: Matrix, b: Matrix): Matrix => {
  const columns = transpose(b);
  return [apply(columns, a[0]), apply(columns, a[1]), apply(columns, a[2])];
};

function inverse([a, b, c]: Matrix): Matrix {
  const determinant = dot(a, cross(b, c));
  const rows = [cross(b, c), cross(c, a), cross(a, b)].map((row) => row.map((value) => value / determinant));
  return transpose(rows as unknown as Matrix);
}

type Tag = readonly [signature: string, data: Buffer];

/** Big-endian numbers with 16 bits behind the point. */
function fixedTag(type: string, numbers: readonly number[]): Buffer {
  const data = Buffer.alloc(8 + 4 * numbers.length);
  data.write(type, 'latin1');
  for (const [index, number] of numbers.entries())
    data.writeInt32BE(Math.round(number * 65_536), 8 + 4 * index);
  return data;
}

const xyzTag = (vector: Vector): Buffer => fixedTag('XYZ ', vector);

/** The curve of sRGB (IEC 61966-2-1) is type 3 of parametric curves, a plain exponent type 0. */
function curveTag(curve: LightColours['curve']): Buffer {
  const numbers = curve === 'srgb' ? [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045] : [curve];
  const data = fixedTag('para', [0, ...numbers]);
  data.writeUInt16BE(curve === 'srgb' ? 3 : 0, 8);
  return data;
}

function textTag(text: string): Buffer {
  const letters = Buffer.from(text, 'utf16le').swap16();
  const head = Buffer.alloc(28);
  head.write('mluc', 'latin1');
  head.writeUInt32BE(1, 8);
  head.writeUInt32BE(12, 12);
  head.write('enUS', 16, 'latin1');
  head.writeUInt32BE(letters.length, 20);
  head.writeUInt32BE(head.length, 24);
  return Buffer.concat([head, letters]);
}

function assemble(tags: readonly Tag[]): Uint8Array {
  const header = Buffer.alloc(128);
  header.writeUInt32BE(0x04400000, 8);
  header.write('mntrRGB XYZ ', 12, 'latin1');
  header.write('acsp', 36, 'latin1');
  for (const [index, number] of d50.entries())
    header.writeInt32BE(Math.round(number * 65_536), 68 + 4 * index);
  const table = Buffer.alloc(4 + 12 * tags.length);
  table.writeUInt32BE(tags.length);
  let at = header.length + table.length;
  const bodies = tags.map(([signature, data], index) => {
    const padded = Buffer.concat([data, Buffer.alloc(-data.length & 3)]);
    table.write(signature, 4 + 12 * index, 'latin1');
    table.writeUInt32BE(at, 8 + 12 * index);
    table.writeUInt32BE(data.length, 12 + 12 * index);
    at += padded.length;
    return padded;
  });
  header.writeUInt32BE(at);
  return Buffer.concat([header, table, ...bodies]);
}
