import { existsSync } from 'node:fs';
import { PictorError } from '../../core/errors.ts';
import type { ImageInfo } from '../../core/image-info.ts';
import { checkLimits } from '../../plan/limits.ts';
import type { Work, WorkResult } from '../wire.ts';
import { handIn } from './hand-in.ts';
import { probe } from './probe.ts';
import { reduce } from './reduce.ts';
import { setUpSharp } from './sharp-process.ts';
import { transformWithin } from './transform.ts';

setUpSharp();

/** Does one piece of work. @throws PictorError */
export async function runWork(work: Work): Promise<WorkResult> {
  try {
    return await begin(work);
  } catch (thrown) {
    throw lostInput(work) ?? thrown;
  }
}

function begin(work: Work): Promise<WorkResult> {
  switch (work.type) {
    case 'transform':
      return handedIn(work);
    case 'inspect':
      return inspect(work);
    case 'reduce':
      return reduce(work);
  }
}

async function handedIn({ job, tools }: Extract<Work, { type: 'transform' }>): Promise<WorkResult> {
  const result = await transformWithin(job, tools);
  return job.into === undefined || 'passedOver' in result ? result : handIn(result, job.into);
}

/**
 * A file may go between the look at its first bytes and the decoder that opens it. What the decoder says then cannot be
 * told from its words about broken bytes, so it is the file that is asked: a picture must not be blamed for its store.
 */
function lostInput(work: Work): PictorError | null {
  const inputs = work.type === 'transform' ? Object.values(work.job.inputs) : [work.input];
  const lost = inputs.find((input) => 'path' in input && !existsSync(input.path));
  return lost === undefined
    ? null
    : new PictorError('STORE_FAILED', { detail: 'an original went while it was read' });
}

/** Header facts, within the limits. @throws PictorError IMAGE_* */
export async function inspect({
  input,
  limits,
}: Omit<Extract<Work, { type: 'inspect' }>, 'type'>): Promise<ImageInfo> {
  const { info } = await probe(input, limits.inputs);
  checkLimits(info, limits);
  return info;
}
