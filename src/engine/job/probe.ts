import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { PictorError } from '../../core/errors.ts';
import type { FormatDefinition } from '../../core/format.ts';
import type { Orientation } from '../../core/geometry.ts';
import type { ImageInfo, InputFormats } from '../../core/image-info.ts';
import { formats } from '../../formats/index.gen.ts';
import { unreadable } from '../availability.ts';
import { codecs } from '../codecs/index.gen.ts';
import type { JobInputRef } from '../wire.ts';
import { signalledColours } from './colour-signals.ts';
import { detectFormat } from './detect.ts';
import { broken } from './failures.ts';
import { checkGifIsWhole } from './gif-blocks.ts';
import { allBytes, type JobInput, longerHead, openInput } from './input.ts';
import { beyond, type JpegHeader, readJpegHeader } from './jpeg-header.ts';
import { matrixProfile } from './matrix-profile.ts';
import { insertProfile } from './png-carrier.ts';
import { densityOf, inCssPixels, recognisableSvg } from './svg.ts';

/** An original whose header has been read and whose pixels have not. */
export interface Original {
  readonly input: JobInput;
  readonly format: FormatDefinition;
  readonly info: ImageInfo;
  readonly icc?: Uint8Array;
  readonly exif?: Uint8Array;
  readonly xmp?: Uint8Array;
  readonly iptc?: Uint8Array;
  /** True when the profile is not in the file: it follows from numbers beside the pixels. */
  readonly profileAside?: true;
  /** Dots per inch at which a drawing must be opened, where that matters. */
  readonly density?: number;
}

/**
 * @param inputs formats that are read besides the usual ones
 * @throws PictorError IMAGE_UNKNOWN, IMAGE_BROKEN
 */
export async function probe(ref: JobInputRef, inputs: InputFormats = {}): Promise<Original> {
  const input = openInput(ref);
  return plainJpeg(input) ?? (await probeDetected(input, await detectFormat(input), inputs));
}

/** Camera files bring a preview and a list of settings; more than this is rare. */
const longestJpegHeader = 256 * 1024;

/** Most originals, and the quickest to tell. */
function plainJpeg(input: JobInput): Original | null {
  const found = readJpegHeader(input.head);
  const header = found === beyond ? readJpegHeader(longerHead(input, longestJpegHeader)) : found;
  return header === null || header === beyond ? null : jpegOriginal(input, header);
}

const jpegOriginal = (
  input: JobInput,
  { width, height, space, orientation, ...blocks }: JpegHeader,
): Original => ({
  input,
  format: formats.jpeg,
  info: {
    format: formats.jpeg.name,
    width,
    height,
    orientation,
    frames: 1,
    animated: false,
    hasAlpha: false,
    space,
    bits: 8,
    hasProfile: blocks.icc !== undefined,
    palette: false,
    vector: false,
    bytes: input.size,
  },
  ...blocks,
});

async function probeDetected(
  input: JobInput,
  format: FormatDefinition,
  inputs: InputFormats,
): Promise<Original> {
  if (format.read?.by === 'codec') {
    if (format.read.named === true && inputs.also?.includes(format.name) !== true)
      throw new PictorError('IMAGE_UNKNOWN', { detail: `${format.name} is not read here` });
    const reason = unreadable(format);
    if (reason !== null) throw new PictorError('IMAGE_UNKNOWN', { detail: `${format.name}: ${reason}` });
    const decoder = codecs.get(format.name)?.decoder;
    if (decoder?.probe !== undefined) return decoder.probe(input);
  }
  if (format === formats.gif) checkGifIsWhole(await allBytes(input));
  // As bytes an SVG has no folder that relative links could point into.
  if (format === formats.svg) {
    const from = recognisableSvg(await allBytes(input));
    return probeDrawing({ ...input, from }, format, densityOf(from));
  }
  return probeWithLibvips(input, format);
}

async function probeDrawing(
  input: JobInput,
  format: FormatDefinition,
  density: number | undefined,
): Promise<Original> {
  if (density === undefined) return probeWithLibvips(input, format);
  const { info, ...original } = await probeWithLibvips(input, format, { density });
  const size = { width: inCssPixels(info.width, density), height: inCssPixels(info.height, density) };
  return { ...original, density, info: { ...info, ...size } };
}

/** Reads headers only, so no bound on pixels is needed yet. */
const headerOptions: SharpOptions = { limitInputPixels: false, failOn: 'none' };

async function probeWithLibvips(
  input: JobInput,
  detected: FormatDefinition,
  more: SharpOptions = {},
): Promise<Original> {
  const metadata = await sharp(input.from, { ...headerOptions, ...more })
    .metadata()
    .catch(broken);
  const format = confirmed(metadata, detected);
  const original = read(metadata, format, input);
  const colours = hasColours(metadata) ? signalledColours(format.name, input.head) : null;
  return colours === null ? original : withProfile(original, matrixProfile(colours));
}

/** Only then a profile of three lights can say what they are. */
const hasColours = ({ icc, space }: Metadata): boolean =>
  icc === undefined && (space === 'srgb' || space === 'rgb' || space === 'rgb16');

/** As if the file had brought the profile along. libvips takes it from a PNG; what it decodes itself is handed it later. */
async function withProfile(original: Original, icc: Uint8Array): Promise<Original> {
  const described = { ...original, icc, info: { ...original.info, hasProfile: true } };
  if (original.format !== formats.png) return { ...described, profileAside: true };
  const from = insertProfile(await allBytes(original.input), icc);
  return { ...described, input: { ...original.input, from } };
}

function read(metadata: Metadata, format: FormatDefinition, input: JobInput): Original {
  return {
    input,
    format,
    info: infoOf(metadata, format, input.size),
    ...(metadata.icc === undefined ? {} : { icc: metadata.icc }),
    ...(metadata.exif === undefined ? {} : { exif: metadata.exif }),
    ...(metadata.xmp === undefined ? {} : { xmp: metadata.xmp }),
    ...(metadata.iptc === undefined ? {} : { iptc: metadata.iptc }),
  };
}

/** libvips decides by itself how it reads a file; what it found must be what we let pass. */
function confirmed(metadata: Metadata, detected: FormatDefinition): FormatDefinition {
  if (metadata.format === 'heif') {
    if (detected !== formats.heic && detected !== formats.avif) throw contradiction(metadata, detected);
    // The file names of the ISO container overlap; the codec of the primary picture decides.
    if (metadata.compression === 'hevc') return formats.heic;
    if (metadata.compression === 'av1') return formats.avif;
    throw new PictorError('IMAGE_UNKNOWN', { detail: `HEIF with codec ${metadata.compression}` });
  }
  if (metadata.format !== detected.name) throw contradiction(metadata, detected);
  return detected;
}

const contradiction = (metadata: Metadata, detected: FormatDefinition) =>
  new PictorError('IMAGE_BROKEN', {
    detail: `bytes of ${detected.name} that libvips takes for ${metadata.format}`,
  });

function infoOf(metadata: Metadata, format: FormatDefinition, bytes: number): ImageInfo {
  const paged = format.holds.animation || format === formats.tiff;
  const frames = paged ? (metadata.pages ?? 1) : 1;
  const animated = format.holds.animation && frames > 1;
  return {
    format: format.name,
    width: metadata.width,
    height: metadata.height,
    // libheif turns and mirrors by the container's own properties; EXIF repeats what is done already.
    orientation: metadata.format === 'heif' ? 1 : orientationOf(metadata.orientation),
    frames,
    animated,
    hasAlpha: metadata.hasAlpha,
    space: metadata.space,
    bits: metadata.bitsPerSample ?? depthBits[metadata.depth] ?? 8,
    hasProfile: metadata.hasProfile,
    palette: metadata.isPalette,
    vector: format === formats.svg,
    bytes,
    ...(animated ? { delays: metadata.delay ?? [], loop: metadata.loop ?? 0 } : {}),
  };
}

const depthBits: Readonly<Record<string, number>> = {
  uchar: 8,
  char: 8,
  ushort: 16,
  short: 16,
  uint: 32,
  int: 32,
  float: 32,
  double: 64,
};

const orientationOf = (value: number | undefined): Orientation =>
  value !== undefined && value >= 1 && value <= 8 ? (value as Orientation) : 1;
