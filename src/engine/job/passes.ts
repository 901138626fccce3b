import type { Sharp } from 'sharp';
import type { PlannedStep, StepInputs, StepName, StepRenderer } from '../../core/operation.ts';
import { renderers } from '../../operations/index.gen.ts';
import { groupPasses, type Pass } from '../../plan/passes.ts';
import { internal } from './failures.ts';
import { fromPixels, type Picture } from './picture.ts';
import type { RawPixels } from './pixels.ts';

/** Opens a further source (a watermark). */
export type OpenMark = StepInputs['open'];

/**
 * Frames are resampled one by one up to this many bytes of pixels, all frames together. Beyond, sharp resamples them as
 * one tall picture: it needs little memory, and lets the rows at the edges mix a little with those of the next frame.
 */
const exactFramesBytes = 128 * 1024 * 1024;

/** Groups steps for this picture; for most animations so that no frame sees its neighbours. */
export function passesFor(steps: readonly PlannedStep[], picture: Picture): readonly Pass[] {
  const { width, height, frames } = picture;
  const resamples = steps.some(({ step }) => step === 'scale');
  if (frames === 1 || !resamples || width * height * frames * 4 > exactFramesBytes) {
    return groupPasses(steps, picture, frames);
  }
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
  return { data, width: info.width, height: info.height, channels: info.channels as RawPixels['channels'] };
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
