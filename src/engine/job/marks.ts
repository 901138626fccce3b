import sharp, { type Sharp } from 'sharp';
import type { TransformJob } from '../../plan/engine-port.ts';
import { checkMark } from '../../plan/limits.ts';
import { broken } from './failures.ts';
import { inputOf } from './input.ts';
import type { OpenMark } from './passes.ts';
import { fromPixels, openOriginal } from './picture.ts';
import { toPixels } from './pixels.ts';
import { type Original, probe } from './probe.ts';

/**
 * Opens watermarks: under the same guards as originals, first frame, upright, sRGB. Each is decoded once per job, however
 * many frames it is laid on; vector marks are drawn at the size they are wanted in.
 */
export function markOpener(job: TransformJob): OpenMark {
  const opened = new Map<string, Promise<() => Sharp>>();
  return async (uri) => {
    let mark = opened.get(uri);
    if (mark === undefined) {
      mark = openMark(job, uri);
      opened.set(uri, mark);
    }
    return (await mark)();
  };
}

async function openMark(job: TransformJob, uri: string): Promise<() => Sharp> {
  const original = await probe(inputOf(job, uri));
  checkMark({ uri, info: original.info, bytes: original.input.size }, job.request, job.limits);
  if (original.info.vector) {
    const { density } = original;
    const options = { limitInputPixels: false, ...(density === undefined ? {} : { density }) };
    return () => sharp(original.input.from, options);
  }
  const picture = await openOriginal(original, 1);
  const chain = picture.becomesP3
    ? picture.start().withIccProfile('srgb', { attach: false })
    : picture.start();
  const pixels = await toPixels(upright(chain, original), picture).catch(broken);
  return () => fromPixels(pixels).start();
}

const upright = (chain: Sharp, { info }: Original): Sharp =>
  info.orientation === 1 ? chain : chain.autoOrient();
