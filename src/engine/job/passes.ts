import type { Sharp } from 'sharp';
import type { PlannedStep, StepInputs, StepName, StepRenderer } from '../../core/operation.ts';
import { renderers } from '../../operations/index.gen.ts';
import { groupPasses, type Pass } from '../../plan/passes.ts';
import { sizeAfter } from '../../plan/steps.ts';
import { internal } from './failures.ts';
import { fromPixels, type Picture } from './picture.ts';
import type { RawPixels } from './pixels.ts';

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

const rendererOf = <N extends StepName>(name: N): StepRenderer<N> => renderers[name];

/** A chain over the picture that does the steps of one pass. @throws PictorError */
export async function chainOf(picture: Picture, pass: Pass, open: OpenMark): Promise<Sharp> {
  let chain = picture.start();
  let { grey } = picture;
  for (const { step, before } of pass.steps) {
    const inputs: StepInputs = { size: before, frames: picture.frames, grey, open };
    const { render } = rendererOf(step.step);
    try {
      chain = await render(chain, step, inputs);
    } catch (error) {
      internal(error);
    }
    if (step.step === 'watermark') grey = false;
  }
  return chain;
}

/** The picture after a pass, in memory. @throws PictorError */
export async function advance(picture: Picture, pass: Pass, open: OpenMark): Promise<Picture> {
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

/** @throws PictorError */
export async function toPixels(chain: Sharp, picture: Picture): Promise<RawPixels> {
  const { data, info } = await chain.raw().toBuffer({ resolveWithObject: true }).catch(picture.fail);
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/** Views of the single frames; nothing is copied. */
function framesOf({ data, width, height, channels }: RawPixels, frames: number): RawPixels[] {
  const frameHeight = height / frames;
  const bytes = width * frameHeight * channels;
  return Array.from({ length: frames }, (_, index) => ({
    data: data.subarray(index * bytes, (index + 1) * bytes),
    width,
    height: frameHeight,
    channels,
  }));
}

/** All frames went through the same steps, so they have the same size and channels. */
function stack(frames: readonly RawPixels[]): RawPixels {
  const { width, height, channels } = frames[0]!;
  return {
    data: Buffer.concat(frames.map(({ data }) => data)),
    width,
    height: height * frames.length,
    channels,
  };
}
