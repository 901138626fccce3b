import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pid } from 'node:process';
import { PictorError } from '../../../core/errors.ts';
import type { EncodeSpec } from '../../../core/format.ts';
import { formats } from '../../../formats/index.gen.ts';
import type { EncodedPng, EncoderTools } from '../../codec.ts';
import { runProgram } from '../../program.ts';

/**
 * Writes HEIC with the operator's `heif-enc` (libheif's example program), which takes and gives files only. Profile and
 * alpha of the PNG come along.
 * @throws PictorError WORKER_CRASHED, TIMEOUT, WORKER_MEMORY; STORE_FAILED when there is no room for the files
 */
export async function encodeHeic(
  { bytes }: EncodedPng,
  { quality = formats.heic.write.quality }: EncodeSpec,
  { heifEncoder, scratch, timeoutSeconds, memoryLimit }: EncoderTools,
): Promise<Uint8Array> {
  const folder = await onDisk(() => makeFolder(scratch));
  const [from, to] = [path.join(folder, 'in.png'), path.join(folder, 'out.heic')];
  try {
    await onDisk(() => writeFile(from, bytes));
    const args = ['-q', String(quality), '-o', to, from];
    await runProgram({ file: heifEncoder, args, timeoutSeconds, memoryLimit });
    return await onDisk(() => readFile(to));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Named after the process, so that what a killed one leaves behind can be found. */
async function makeFolder(scratch: string): Promise<string> {
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  return mkdtemp(path.join(scratch, `${pid}-`));
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new PictorError('STORE_FAILED', { detail: `heic: ${String(error)}`, cause: error });
  }
}
