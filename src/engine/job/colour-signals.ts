import type { Chromaticity, LightColours } from './matrix-profile.ts';

/**
 * What a container says of its colours in plain numbers, where that is not sRGB: the `nclx` of AVIF and HEIC, and cICP or
 * gAMA and cHRM of PNG. libvips looks at profiles only. High dynamic range (PQ, HLG) is not told: it needs more than a
 * profile. Null: sRGB, nothing said, or nothing we can put into a profile.
 */
export function signalledColours(format: string, head: Uint8Array): LightColours | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (format === 'png') return fromPng(bytes);
  return format === 'avif' || format === 'heic' ? fromHeif(bytes) : null;
}

type Lights = Omit<LightColours, 'curve'>;

const d65: Chromaticity = [0.3127, 0.329];
const srgbLights: Lights = { white: d65, red: [0.64, 0.33], green: [0.3, 0.6], blue: [0.15, 0.06] };

/** Colour primaries wider than those of sRGB, by their number (ITU-T H.273 table 2). */
const lightsByNumber: ReadonlyMap<number, Lights> = new Map([
  [1, srgbLights],
  [9, { white: d65, red: [0.708, 0.292], green: [0.17, 0.797], blue: [0.131, 0.046] }],
  [11, { white: [0.314, 0.351], red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] }],
  [12, { white: d65, red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] }],
]);

/**
 * Transfer characteristics (ITU-T H.273 table 3). Those of television (1, 6, 14, 15) and none (2) are shown by browsers with
 * the curve of sRGB.
 */
const curvesByNumber: ReadonlyMap<number, LightColours['curve']> = new Map<number, LightColours['curve']>([
  [1, 'srgb'],
  [2, 'srgb'],
  [4, 2.2],
  [5, 2.8],
  [6, 'srgb'],
  [8, 1],
  [13, 'srgb'],
  [14, 'srgb'],
  [15, 'srgb'],
]);

function fromNumbers(primaries: number, transfer: number): LightColours | null {
  const lights = lightsByNumber.get(primaries);
  const curve = curvesByNumber.get(transfer);
  if (lights === undefined || curve === undefined || (lights === srgbLights && curve === 'srgb')) return null;
  return { ...lights, curve };
}

/** Box `colr` of the type `nclx` (ISO/IEC 14496-12 section 12.1.5). The first is that of the primary picture. */
function fromHeif(head: Buffer): LightColours | null {
  const at = head.indexOf('colrnclx');
  return at < 0 || at + 12 > head.length
    ? null
    : fromNumbers(head.readUInt16BE(at + 8), head.readUInt16BE(at + 10));
}

/** cICP counts before sRGB, and that before gAMA and cHRM (PNG third edition, section 4.3). */
function fromPng(head: Buffer): LightColours | null {
  const chunks = pngChunks(head);
  const cicp = chunks.get('cICP');
  if (cicp?.length === 4) return fromNumbers(cicp[0]!, cicp[1]!);
  const gama = chunks.get('gAMA');
  if (chunks.has('sRGB') || gama?.length !== 4 || gama.readUInt32BE() === 0) return null;
  const gamma = 100_000 / gama.readUInt32BE();
  const lights = lightsFrom(chunks.get('cHRM')) ?? srgbLights;
  // What most programs write for sRGB is 2.2: its curve is meant.
  const curve = Math.abs(gamma - 2.2) < 0.05 ? 'srgb' : gamma;
  if (gamma < 0.1 || gamma > 10 || (curve === 'srgb' && isNearSrgb(lights))) return null;
  return { ...lights, curve };
}

/** The chunks before the pixels. */
function pngChunks(head: Buffer): ReadonlyMap<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at + 12 <= head.length; ) {
    const end = at + 8 + head.readUInt32BE(at);
    const type = head.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT' || end + 4 > head.length) break;
    chunks.set(type, head.subarray(at + 8, end));
    at = end + 4;
  }
  return chunks;
}

function lightsFrom(chrm: Buffer | undefined): Lights | null {
  if (chrm?.length !== 32) return null;
  const place = (index: number): Chromaticity => [
    chrm.readUInt32BE(8 * index) / 100_000,
    chrm.readUInt32BE(8 * index + 4) / 100_000,
  ];
  const lights = { white: place(0), red: place(1), green: place(2), blue: place(3) };
  return isTriangle(lights) ? lights : null;
}

/** Numbers that are no colours would divide by nothing. */
function isTriangle({ white, red, green, blue }: Lights): boolean {
  const area = (green[0] - red[0]) * (blue[1] - red[1]) - (blue[0] - red[0]) * (green[1] - red[1]);
  const positive = [white, red, green, blue].every(([x, y]) => x >= 0 && y > 0.001 && x + y <= 1.001);
  return positive && Math.abs(area) > 0.001;
}

const isNearSrgb = (lights: Lights): boolean =>
  (Object.keys(srgbLights) as (keyof Lights)[]).every((name) =>
    lights[name].every((number, index) => Math.abs(number - srgbLights[name][index]!) < 0.005),
  );
