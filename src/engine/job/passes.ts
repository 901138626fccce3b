import type { Sharp } from 'sharp';
import type { PlannedStep, StepInputs } from '../../core/operation.ts';
import { rendererOf } from '../../operations/render/renderer-of.ts';
import { groupPasses, type Pass } from '../../plan/passes.ts';
import { sizeAfter } from '../../plan/steps.ts';
import { internal } from './failures.ts';
import { pixelWorkOf, workedPixels } from './over-pixels.ts';
import { fromPixels, type Picture } from './picture.ts';
import { framesOf, type RawPixels, stack, toPixels } from './pixels.ts';

/** Opens a further source (a watermark). */
export type OpenMark = StepInputs['open'];

/** Animations of more bytes of pixels than this, all frames together, are resampled as one tall picture. */
const framesInMemory = 128 * 1024 * 1024;

/**
 * Groups steps for this picture. sharp resamples the frames of an animation as one tall picture, so that rows at the edges
 * mix with those of the next frame: by 6 % at most when it shrinks, by half when it enlarges. So all frames are decoded to
 * memory and go through one by one, except where a shrinking mixes so little that it is not worth it: when the pixels
 * would take too much memory, and for GIF, which cannot show it, and which takes three times as long once the palette of
 * its source is lost.
 * @param format of the result
 */
export function passesFor(steps: readonly PlannedStep[], picture: Picture, format: string): readonly Pass[] {
  const { width, height, frames } = picture;
  const stacked = groupPasses(steps, picture, frames);
  const scales = stacked.flatMap((pass) => pass.steps).filter(({ step }) => step.step === 'scale');
  const enlarges = scales.some(({ step, before }) => sizeAfter(step, before).height > before.height);
  const large = width * height * frames * 4 > framesInMemory;
  const stack = scales.length === 0 || (!enlarges && (large || format === 'gif'));
  if (frames === 1 || stack) return stacked;
  const decode: Pass = { steps: [], size: picture, result: picture, frameByFrame: false };
  return [decode, ...groupPasses(steps, picture, 1).map((pass) => ({ ...pass, frameByFrame: true }))];
}

/** A chain over the picture that does the steps of one pass; not for a loop over pixels. @throws PictorError */
export async function chainOf(picture: Picture, pass: Pass, open: OpenMark): Promise<Sharp> {
  let chain = picture.start();
  let { grey } = picture;
  for (const { step, before } of pass.steps) {
    const inputs: StepInputs = { size: before, frames: picture.frames, grey, open };
    const renderer = rendererOf(step);
    if (!('render' in renderer)) return internal(new Error(`${step.step} is no work for sharp`));
    try {
      chain = await renderer.render(chain, step, inputs);
    } catch (error) {
      internal(error);
    }
    if (step.step === 'watermark') grey = false;
  }
  return chain;
}

/** The picture after a pass, in memory. @throws PictorError */
export async function advance(picture: Picture, pass: Pass, open: OpenMark): Promise<Picture> {
  const work = pixelWorkOf(pass);
  if (work !== null) return workedPixels(picture, work);
  if (!pass.frameByFrame) {
    const chain = await chainOf(picture, pass, open);
    return fromPixels(await toPixels(chain, picture), picture.frames);
  }
  const inMemory =
    picture.pixels === undefined
      ? fromPixels(await toPixels(picture.start(), picture), picture.frames)
      : picture;
  const { pixels, frames } = inMemory;
  const rows: RawPixels[] = [];
  for (const frame of framesOf(pixels!, frames)) {
    const single = fromPixels(frame);
    rows.push(await toPixels(await chainOf(single, pass, open), single));
  }
  return fromPixels(stack(rows), frames);
}
