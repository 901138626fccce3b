import type { ImageInfo } from '../../core/image-info.ts';
import { checkLimits } from '../../plan/limits.ts';
import type { Work, WorkResult } from '../wire.ts';
import { probe } from './probe.ts';
import { setUpSharp } from './sharp-process.ts';
import { transform } from './transform.ts';

setUpSharp();

/** Does one piece of work. @throws PictorError */
export function runWork(work: Work): Promise<WorkResult> {
  return work.type === 'transform' ? transform(work.job) : inspect(work);
}

/** Header facts, within the limits. @throws PictorError IMAGE_* */
export async function inspect({
  input,
  limits,
}: Omit<Extract<Work, { type: 'inspect' }>, 'type'>): Promise<ImageInfo> {
  const { info } = await probe(input);
  checkLimits(info, limits);
  return info;
}
