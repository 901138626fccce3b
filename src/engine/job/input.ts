import { open, readFile } from 'node:fs/promises';
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
const headLength = 16 * 1024;

/** @throws PictorError IMAGE_UNKNOWN for nothing at all, INTERNAL for a file that cannot be read */
export async function openInput(ref: JobInputRef): Promise<JobInput> {
  const input = 'bytes' in ref ? fromBytes(ref.bytes) : await fromPath(ref.path);
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

const fromBytes = (bytes: Uint8Array): JobInput => ({
  from: bytes,
  head: bytes.subarray(0, headLength),
  size: bytes.length,
});

async function fromPath(path: string): Promise<JobInput> {
  // libvips reads `name[option=value]` as a name with loader options; such a file never reaches it by name.
  if (path.includes('[')) return fromBytes(await readFile(path));
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(headLength), 0, headLength, 0);
    const { size } = await file.stat();
    return { from: path, head: buffer.subarray(0, bytesRead), size };
  } finally {
    await file.close();
  }
}
