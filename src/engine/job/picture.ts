import sharp, { type Sharp, type SharpOptions } from 'sharp';
import type { Size } from '../../core/geometry.ts';
import type { Mezzanine } from '../../plan/engine-port.ts';
import { codecs } from '../codecs/index.gen.ts';
import { becomesP3, type ColourPolicy } from './colour.ts';
import { broken, internal } from './failures.ts';
import type { RawPixels } from './pixels.ts';
import { wrapInPng } from './png-carrier.ts';
import type { Original } from './probe.ts';

/** A picture between two passes. The size is that of one frame. */
export interface Picture extends Size {
  readonly frames: number;
  /** True while there are only shades of grey, and no colour channels. */
  readonly grey: boolean;
  /** See `becomesP3` in colour.ts. */
  readonly becomesP3: boolean;
  /** A fresh chain over it. */
  start(): Sharp;
  /** Says whose fault a failure of such a chain is. @throws PictorError always */
  fail(error: unknown): never;
  /** The pixels, where they are in memory already. */
  readonly pixels?: RawPixels;
  /** The PNG of ours that the chain reads, where it is one. */
  readonly png?: Uint8Array;
}

/** What of the colour policy matters for reading. */
export type Reading = Pick<ColourPolicy, 'keepProfile' | 'shallowProfile'>;

const plainReading: Reading = { keepProfile: false, shallowProfile: false };

/**
 * The original as a picture. libvips reads its formats when a chain runs, so nothing is decoded yet; ours are decoded.
 * @param frames how many to read of an animation
 * @throws PictorError IMAGE_BROKEN
 */
export async function openOriginal(
  original: Original,
  frames: number,
  { keepProfile, shallowProfile }: Reading = plainReading,
): Promise<Picture> {
  const { format, input, info } = original;
  if (format.read?.by === 'codec') return fromCodec(original);
  const options = readOptions(original, frames);
  if (shallowProfile || original.profileAside === true)
    return withShallowProfile(sharp(input.from, { ...options, ignoreIcc: true }), original);
  return {
    width: info.width,
    height: info.height,
    frames,
    // Taken through its profile, a grey picture gets colour channels.
    grey: info.space === 'grey16' || (info.space === 'b-w' && (keepProfile || !info.hasProfile)),
    becomesP3: becomesP3(info),
    start: () => sharp(input.from, options),
    fail: broken,
  };
}

const readOptions = ({ info, density }: Original, frames: number): SharpOptions => ({
  // Damage that decoders can live with (a stray byte between markers, as some cameras write) is no reason to refuse.
  failOn: 'error',
  // The header was checked against the limits; this holds the decoder to the header.
  limitInputPixels: info.vector ? false : info.width * info.height * frames,
  ...(frames > 1 ? { pages: frames } : {}),
  ...(density === undefined ? {} : { density }),
});

/**
 * The original, to be scaled to its sides halved so many times. libjpeg halves them while it decodes, three times at most,
 * which takes half the time of a whole decode. sharp has it do that for less than a third of the sides only (0.35,
 * `jpegShrinkOnLoad` in pipeline.cc), so it is said to the loader, behind the name.
 * @throws PictorError IMAGE_BROKEN
 */
export async function openHalved(original: Original, halvings: number): Promise<Picture> {
  const picture = await openOriginal(original, 1);
  const { format, input, profileAside } = original;
  if (format.name !== 'jpeg' || typeof input.from !== 'string' || profileAside === true) return picture;
  const name = `${input.from}[shrink=${2 ** Math.min(halvings, 3)}]`;
  return { ...picture, start: () => sharp(name, readOptions(original, 1)) };
}

/** The mezzanine of an original, to be scaled further. */
export const openMezzanine = ({ path, width, height }: Mezzanine): Picture => ({
  width,
  height,
  frames: 1,
  grey: false,
  becomesP3: false,
  start: () => sharp(path, { limitInputPixels: width * height }),
  fail: internal,
});

async function fromCodec(original: Original): Promise<Picture> {
  const decoder = codecs.get(original.format.name)?.decoder;
  if (decoder === undefined) return internal(new Error(`no decoder for ${original.format.name}`));
  const pixels = await decoder.decode(original);
  if (original.icc === undefined && original.exif === undefined && original.xmp === undefined)
    return fromPixels(pixels);
  const png = await wrapInPng(pixels, original).catch(internal);
  return fromEncoded(png, { ...original.info, grey: false });
}

/**
 * 16 bits to 8 under an untouched profile. sharp loses the profile there: it hands libvips memory that belongs to an image
 * which is gone by then, unless the operation cache holds it (0.35, `GetProfile` in common.cc).
 */
async function withShallowProfile(chain: Sharp, original: Original): Promise<Picture> {
  const { data, info } = await chain.raw().toBuffer({ resolveWithObject: true }).catch(broken);
  const pixels: RawPixels = {
    data,
    width: info.width,
    height: info.height,
    channels: info.channels,
  };
  return fromEncoded(await wrapInPng(pixels, original).catch(internal), { ...pixels, grey: false });
}

/** @param frames stacked in the pixels */
export function fromPixels(pixels: RawPixels, frames = 1): Picture {
  const { data, width, channels } = pixels;
  const height = pixels.height / frames;
  const raw = { width, height: pixels.height, channels, ...(frames > 1 ? { pageHeight: height } : {}) };
  return {
    width,
    height,
    frames,
    grey: channels < 3,
    becomesP3: false,
    // Larger than libvips would let in by itself: what is here was let in already.
    start: () => sharp(data, { raw, limitInputPixels: false }),
    fail: internal,
    pixels,
  };
}

/** A still that we encoded ourselves as a PNG, because raw pixels would lose its profile, its metadata or its depth. */
export function fromEncoded(
  png: Uint8Array,
  { width, height, grey }: Size & { readonly grey: boolean },
): Picture {
  return {
    width,
    height,
    frames: 1,
    grey,
    becomesP3: false,
    start: () => sharp(png, { limitInputPixels: false }),
    fail: internal,
    png,
  };
}
