import { formats } from '../../formats/index.gen.ts';
import type { TransformJob, TransformResult } from '../../plan/engine-port.ts';
import { checkFrames, checkLimits, keptFrames, limitsOf } from '../../plan/limits.ts';
import { sanitiseSvg } from '../svg/sanitise.ts';
import { allBytes, inputOf, openInput } from './input.ts';
import type { Original } from './probe.ts';

/**
 * The original as it came, once its header has passed the limits that decoding it would have to pass. SVG is sanitised
 * unless the request says otherwise: browsers run what it holds.
 * @throws PictorError IMAGE_TOO_LARGE, IMAGE_BROKEN
 */
export async function handOver({ format, info }: Original, job: TransformJob): Promise<TransformResult> {
  const { request } = job;
  const limits = limitsOf(request, job.limits);
  checkLimits(info, limits);
  checkFrames(info, keptFrames(info, limits, request.output.frames), limits);
  const started = performance.now();
  // Read anew: an SVG may have been changed so that libvips recognises it.
  const bytes = await allBytes(openInput(inputOf(job, request.source)));
  const isCleaned = format === formats.svg && request.output.svgScripts !== 'keep';
  return {
    bytes: isCleaned ? sanitiseSvg(bytes) : bytes,
    format: format.name,
    mediaType: format.mediaTypes[0]!,
    width: info.width,
    height: info.height,
    frames: info.animated ? info.frames : 1,
    source: info,
    timings: { decodeMs: performance.now() - started, encodeMs: 0 },
  };
}
