import type { EncodeSpec, FormatDefinition } from '../../core/format.ts';
import { type FormatName, formats } from '../../formats/index.gen.ts';
import type { Pass } from '../../plan/passes.ts';
import type { Plan } from '../../plan/plan-types.ts';
import type { EncoderTools } from '../codec.ts';
import { type ColourPolicy, colourPolicy, inSpace } from './colour.ts';
import { encode } from './encode.ts';
import { fitBytes } from './fit-bytes.ts';
import { describe, type Keeping } from './metadata.ts';
import { pixelWorkOf, workedPng } from './over-pixels.ts';
import { type Ownership, ownershipOfTiff, ownershipTexts } from './ownership.ts';
import { advance, chainOf, type OpenMark, passesFor } from './passes.ts';
import { fromEncoded, type Picture } from './picture.ts';
import type { Original } from './probe.ts';

export interface Rendering {
  readonly original: Original;
  readonly plan: Plan;
  readonly open: OpenMark;
  readonly tools: EncoderTools;
}

export interface Rendered {
  readonly bytes: Uint8Array;
  readonly width: number;
  /** Of one frame. */
  readonly height: number;
  /** `performance.now()` when the last chain or the codec began; undefined when one chain does it all. */
  readonly lastChainAt: number | undefined;
}

/**
 * Runs the passes of a plan and encodes. The ordinary request is one pass: one chain of sharp from the file to the
 * encoded bytes.
 * @param opened the original, with as many frames as the plan decodes
 * @throws PictorError
 */
export async function render(opened: Picture, rendering: Rendering): Promise<Rendered> {
  const { original, plan, open, tools } = rendering;
  const colour = colourPolicy(original.info, plan);
  const passes = [...passesFor(plan.steps, opened, plan.encode.format)];
  const ownership = ownershipOf(original, plan);
  // A pass in between leaves the EXIF of the source behind, which must not mix with what is written in its place.
  const replacesExif =
    Object.keys(ownership).length > 0 && ownershipIn(plan) === 'exif' && passes.length === 1;
  const last = replacesExif || !endsInEncoder(passes.at(-1)!) ? undefined : passes.pop();
  let picture = opened;
  for (const pass of passes) picture = await between(picture, pass, { ...rendering, colour });
  const lastChainAt = picture === opened ? undefined : performance.now();
  const encodeFrom = async (from: Picture, pass: Pass | undefined, spec: EncodeSpec) => {
    const chain = pass === undefined ? from.start() : await chainOf(from, pass, open);
    const described = describe(chain, from, { ...keepingOf(plan, colour), ownership });
    return encode(inSpace(described, colour), spec, { fail: from.fail, tools });
  };
  const first = await encodeFrom(picture, last, plan.encode);
  const { bytes, width, height } = await fitBytes(first, plan, async () => {
    const done =
      last !== undefined && fitsMemory(plan) ? await between(picture, last, { ...rendering, colour }) : null;
    return (spec) => (done === null ? encodeFrom(picture, last, spec) : encodeFrom(done, undefined, spec));
  });
  return { bytes, width, height, lastChainAt: first.startedAt ?? lastChainAt };
}

/** The last pass does, unless frames go through it one by one or it is a loop over pixels. */
const endsInEncoder = (pass: Pass): boolean => !pass.frameByFrame && pixelWorkOf(pass) === null;

/** Animations with more bytes of pixels than this are decoded anew for each round of a byte budget. */
const pixelsInMemory = 128 * 1024 * 1024;

const fitsMemory = ({ result: { width, height, frames } }: Plan): boolean =>
  frames === 1 || width * height * frames * 4 <= pixelsInMemory;

/** The picture after a pass that is not the last: raw pixels, or a PNG where these cannot hold what is to be kept. */
async function between(
  picture: Picture,
  pass: Pass,
  { plan, open, colour }: Rendering & { readonly colour: ColourPolicy },
): Promise<Picture> {
  const carries = plan.keep.metadata || plan.keep.highDepth || colour.keepProfile || picture.becomesP3;
  // Animations lose profile (their colours are converted) and metadata when they take more than one pass.
  if (!carries || picture.frames > 1) return advance(picture, pass, open);
  const work = pixelWorkOf(pass);
  // There is a pass before it, which gave a PNG for the same reasons.
  if (work !== null && picture.png !== undefined) return workedPng(picture.png, { work, colour });
  const chain = describe(await chainOf(picture, pass, open), picture, keepingOf(plan, colour));
  const { data, info } = await inSpace(chain, colour)
    .png({ compressionLevel: 0 })
    .toBuffer({ resolveWithObject: true })
    .catch(picture.fail);
  const grey = colour.space === 'b-w' || colour.space === 'grey16';
  return fromEncoded(data, { width: info.width, height: info.height, grey });
}

const keepingOf = (plan: Plan, { keepProfile }: ColourPolicy): Keeping => ({
  metadata: plan.keep.metadata,
  ownership: {},
  ownershipIn: ownershipIn(plan),
  profile: keepProfile,
  orientation: plan.orientation,
});

const ownershipIn = ({ encode }: Plan): Keeping['ownershipIn'] => {
  const format: FormatDefinition = formats[encode.format as FormatName];
  return format.ownership === 'tags' ? 'xmp' : 'exif';
};

/** What goes along where all other metadata is left out. */
function ownershipOf({ format, input, exif }: Original, { keep }: Plan): Ownership {
  if (keep.metadata || !keep.copyright) return {};
  if (format.ownership === 'tags') return ownershipOfTiff(input);
  return exif === undefined ? {} : ownershipTexts(exif);
}
