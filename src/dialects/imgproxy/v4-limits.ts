import type { RequestLimits } from '../../request/image-request.ts';
import { badArgument } from './arguments.ts';
import type { ImgproxyRules } from './rules.ts';
import type { Draft } from './v4-draft.ts';

/**
 * The bounds a URL sets for its picture; null when it sets none. imgproxy compares the pixels of all frames with
 * `max_src_resolution`, or one frame's with `max_animation_frame_resolution` where that is set. We bound one frame and all
 * of them.
 * @throws PictorError OPTION_INVALID for a bound on frames' pixels where nothing bounds the frames
 */
export function limitsOf(draft: Draft, rules: ImgproxyRules): RequestLimits | null {
  const { maxSrcPixels, maxSrcFileSize } = draft;
  const ofAll = framePixels(draft, rules);
  if (maxSrcPixels === undefined && maxSrcFileSize === undefined && ofAll === undefined) return null;
  return {
    ...(maxSrcPixels === undefined ? {} : { maxPixels: maxSrcPixels }),
    ...(ofAll === undefined ? {} : { maxFramePixels: ofAll }),
    ...(maxSrcFileSize === undefined ? {} : { maxSourceBytes: maxSrcFileSize }),
  };
}

function framePixels(draft: Draft, rules: ImgproxyRules): number | undefined {
  const { maxSrcPixels, maxAnimationFramePixels: ofOne } = draft;
  const frames = draft.maxAnimationFrames ?? rules.maxAnimationFrames;
  // A still has but one frame.
  if (frames === 1) return undefined;
  if (ofOne === undefined || ofOne === 0) return maxSrcPixels;
  if (frames === null)
    throw badArgument('max_animation_frame_resolution', 'needs a bound on the number of frames');
  return Math.min(ofOne * frames, Number.MAX_SAFE_INTEGER);
}
