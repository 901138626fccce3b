import { hash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../../disk/files.ts';

/**
 * Names on disk. The SHA-256 of a key, in hexadecimal, says where its files are:
 *
 *   blobs/ab/cd/<60 digits>               the record: meta, and the body when it is small
 *   blobs/ab/cd/<60 digits>.<16 digits>   a body of its own; the record names it
 *   tmp/<instance>-<n>                    a file being written; with an ending when it is written by others
 *   size/<instance>                       bytes in use, see ledger.ts
 *
 * 256 × 256 folders, made on demand: a million blobs are 16 files each. Nothing of a key is a file name.
 */
export interface Place {
  /** 0 … 65535: the folder's number in walking order. */
  readonly bucket: number;
  readonly directory: string;
  /** Path of the record. */
  readonly record: string;
}

export const bucketCount = 65_536;

const recordPattern = /^[0-9a-f]{60}$/;
const bodyPattern = /^([0-9a-f]{60})\.([0-9a-f]{16})$/;
const folderPattern = /^[0-9a-f]{2}$/;

export function placeOf(blobs: string, key: string): Place {
  const digest = hash('sha256', key);
  const directory = join(blobs, digest.slice(0, 2), digest.slice(2, 4));
  return {
    bucket: Number.parseInt(digest.slice(0, 4), 16),
    directory,
    record: join(directory, digest.slice(4)),
  };
}

/** Path of the body that a record names. */
export const bodyPath = (record: string, body: string): string => `${record}.${body}`;

export const isBodyName = (name: string): boolean => /^[0-9a-f]{16}$/.test(name);

/** One folder with blobs in it. Names that are not ours are left out. */
export interface Leaf {
  readonly bucket: number;
  readonly directory: string;
  /** Names of records. */
  readonly records: readonly string[];
  /** Bodies of their own: file name, and the name of the record they belong to. */
  readonly bodies: readonly { readonly name: string; readonly record: string }[];
}

/** The upper folder (0 … 255) that holds a bucket. */
export const topOf = (bucket: number): number => bucket >> 8;

export const topCount = 256;

/** All leaves there are, in the order of their numbers, once around from a bucket. */
export async function* walkLeaves(blobs: string, first = 0): AsyncGenerator<Leaf> {
  const tops = await folders(blobs);
  const start = topOf(first);
  const split = tops.includes(start) ? [start] : [];
  for (const top of split) yield* leavesOf(blobs, top, (bucket) => bucket >= first);
  for (const top of tops.filter((each) => each > start)) yield* leavesOf(blobs, top);
  for (const top of tops.filter((each) => each < start)) yield* leavesOf(blobs, top);
  for (const top of split) yield* leavesOf(blobs, top, (bucket) => bucket < first);
}

/** The leaves of one upper folder. */
export async function* leavesOf(
  blobs: string,
  top: number,
  wanted: (bucket: number) => boolean = () => true,
): AsyncGenerator<Leaf> {
  const above = join(blobs, twoDigits(top));
  for (const leaf of await folders(above)) {
    const bucket = (top << 8) | leaf;
    if (wanted(bucket)) yield readLeaf(bucket, join(above, twoDigits(leaf)));
  }
}

async function readLeaf(bucket: number, directory: string): Promise<Leaf> {
  const names = await namesIn(directory);
  const bodies = names.flatMap((name) => {
    const match = bodyPattern.exec(name);
    return match === null ? [] : [{ name, record: match[1]! }];
  });
  return { bucket, directory, records: names.filter((name) => recordPattern.test(name)), bodies };
}

async function folders(path: string): Promise<number[]> {
  const names = await namesIn(path);
  return names
    .filter((name) => folderPattern.test(name))
    .map((name) => Number.parseInt(name, 16))
    .toSorted((a, b) => a - b);
}

/** Names in a folder; none when it is missing. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

const twoDigits = (value: number): string => value.toString(16).padStart(2, '0');
