import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { PictorError } from '../../core/errors.ts';
import type { TransformJob } from '../../plan/engine-port.ts';
import type { JobInputRef } from '../wire.ts';

/** An original before anything is known of it. */
export interface JobInput {
  /** A path, or all bytes. */
  readonly from: string | Uint8Array;
  /** The first bytes, enough to tell every format we read. */
  readonly head: Uint8Array;
  /** All of them. */
  readonly size: number;
}

/** XML may open with a long comment or document type. */
const headLength = 32 * 1024;

/** @throws PictorError IMAGE_UNKNOWN for nothing at all, STORE_FAILED for a file that cannot be read */
export function openInput(ref: JobInputRef): JobInput {
  const input = 'bytes' in ref ? fromBytes(ref.bytes) : readable(ref.path);
  if (input.size === 0) throw new PictorError('IMAGE_UNKNOWN', { detail: 'no bytes' });
  return input;
}

/** What the job carries under this URI. */
export function inputOf({ inputs }: TransformJob, uri: string): JobInputRef {
  const input = inputs[uri];
  if (input === undefined) throw new PictorError('INTERNAL', { detail: `the job carries no ${uri}` });
  return input;
}

/** All bytes, read when they are in a file. */
export async function allBytes(input: JobInput): Promise<Uint8Array> {
  return typeof input.from === 'string' ? await readFile(input.from) : input.from;
}

/** More of the first bytes than `head`, where there are more. */
export function longerHead({ from }: JobInput, length: number): Uint8Array {
  return typeof from === 'string' ? readStart(from, length).head : from.subarray(0, length);
}

const fromBytes = (bytes: Uint8Array): JobInput => ({
  from: bytes,
  head: bytes.subarray(0, headLength),
  size: bytes.length,
});

/** The file may be gone by now: stores forget. */
function readable(path: string): JobInput {
  try {
    return fromPath(path);
  } catch (error) {
    throw new PictorError('STORE_FAILED', { detail: String(error), cause: error });
  }
}

/** Synchronous: a worker has nothing else to do, and four trips to the thread pool cost more than the reading. */
function fromPath(path: string): JobInput {
  // libvips reads `name[option=value]` as a name with loader options; such a file never reaches it by name.
  if (path.includes('[')) return fromBytes(readFileSync(path));
  return { from: path, ...readStart(path, headLength) };
}

function readStart(path: string, most: number): Pick<JobInput, 'head' | 'size'> {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const head = Buffer.allocUnsafe(Math.min(most, size));
    const length = readSync(file, head, 0, head.length, 0);
    return { head: head.subarray(0, length), size };
  } finally {
    closeSync(file);
  }
}
