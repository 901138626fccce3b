import type { Sharp } from 'sharp';
import type { ImageInfo } from '../../core/image-info.ts';
import type { PlannedStep } from '../../core/operation.ts';
import type { Plan } from '../../plan/plan-types.ts';

/** How colours leave the engine. */
export interface ColourPolicy {
  readonly space: 'srgb' | 'b-w' | 'rgb16' | 'grey16';
  /** Pixels stay in the colours of the source's profile, which goes along. */
  readonly keepProfile: boolean;
  /** The profile of a 16-bit picture goes along with 8 bits. */
  readonly shallowProfile: boolean;
}

const greySpaces = new Set(['b-w', 'grey16']);
const rgbSpaces = new Set(['srgb', 'rgb', 'rgb16']);
/** Formats whose encoder in libvips writes one grey channel; the others always write colours. */
const greyFormats = new Set(['jpeg', 'png', 'tiff']);

/** sharp takes 16-bit pictures with a profile to Display P3 and leaves them there (0.35, `processingProfile`). */
export const becomesP3 = ({ space, hasProfile }: ImageInfo): boolean => space === 'rgb16' && hasProfile;

/** Colours become sRGB, 8 bits, unless the plan keeps more. Pictures in shades of grey stay so where the format can. */
export function colourPolicy(info: ImageInfo, { steps, encode, keep }: Plan): ColourPolicy {
  const grey = greySpaces.has(info.space) && greyFormats.has(encode.format) && !steps.some(addsColour);
  // A profile describes channels: one of inks (CMYK) or of grey says nothing about red, green and blue.
  const fits = grey ? info.bits <= 8 || keep.highDepth : rgbSpaces.has(info.space);
  const keepProfile = keep.profile && info.hasProfile && fits;
  return {
    space: grey ? (keep.highDepth ? 'grey16' : 'b-w') : keep.highDepth ? 'rgb16' : 'srgb',
    keepProfile,
    shallowProfile: keepProfile && info.space === 'rgb16' && !keep.highDepth,
  };
}

function addsColour(step: PlannedStep): boolean {
  if (step.step === 'watermark') return true;
  if (step.step !== 'flatten' && step.step !== 'embed') return false;
  return step.colour !== undefined && (step.colour.r !== step.colour.g || step.colour.g !== step.colour.b);
}

/** For the chain whose output keeps the colours of the policy. */
export const inSpace = (chain: Sharp, { space }: ColourPolicy): Sharp =>
  space === 'srgb' ? chain : chain.toColourspace(space);
