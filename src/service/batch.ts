import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Bucket, Draft } from '../core/bucket.ts';
import { PictorError } from '../core/errors.ts';
import type { ImageInfo, ImageLimits } from '../core/image-info.ts';
import type { Engine, TransformJob, TransformResult } from '../plan/engine-port.ts';
import { checkLimits } from '../plan/limits.ts';
import type { Recipe, UploadFacts, UploadTask } from '../request/storage.ts';
import { uprightFacts } from './upright-facts.ts';

/** A picture on this machine, and what is to become of it. */
export interface BatchPicture {
  readonly path: string;
  /** Hexadecimal MD5 that it goes by; null: that of its bytes. */
  readonly hash: string | null;
  /** Names of the files in its folder, where they are known. */
  readonly beside?: ReadonlySet<string> | null;
  /** What an upload of it would be. */
  readonly task: UploadTask;
}

/** What was done with one picture. */
export interface BatchResult {
  readonly hash: string;
  /** Upright size. */
  readonly width: number;
  readonly height: number;
  readonly made: number;
  /** Variants that were there already. */
  readonly ready: number;
}

export interface BatchParts {
  readonly engine: Engine;
  readonly limits: ImageLimits;
  readonly bucket: Bucket;
  /** Where all that belongs to an original lies (`StorageGrammar.family`). */
  readonly family: (key: string) => { readonly prefix: string | null } | null;
}

/** Makes what is missing of one picture: original, facts and variants. */
export type ProcessPicture = (picture: BatchPicture, signal: AbortSignal) => Promise<BatchResult>;

/**
 * Uploads without HTTP, for pictures that are on this machine: straight from the file to the engine and into the bucket.
 * What lies in the bucket already is left alone, so a run that was cut off is gone on with by another one.
 * @throws PictorError SOURCE_FAILED, IMAGE_*, STORAGE_*, CANCELLED
 */
export function createBatch({ engine, limits, bucket, family }: BatchParts): ProcessPicture {
  /** Which keys are there of the original already. */
  async function findReady(original: string, { path, beside }: BatchPicture): Promise<IsReady> {
    // Whoever found it there has seen the others, too.
    if (beside !== undefined && beside !== null && bucket.fileOf?.(original) === path) {
      const folder = dirname(path);
      return (key) => {
        const file = bucket.fileOf?.(key) ?? '';
        return dirname(file) === folder && beside.has(basename(file));
      };
    }
    const keys = new Set<string>();
    const prefix = family(original)?.prefix ?? null;
    if (prefix !== null) for await (const { key } of bucket.list(prefix)) keys.add(key);
    return (key) => keys.has(key);
  }

  async function keep(read: Reading, objects: ReturnType<UploadTask['objects']>, { bytes }: UploadFacts) {
    for (const { key, body, contentType } of objects) {
      if (body === 'picture') await keepPicture(read, { key, size: bytes, contentType });
      else await bucket.put(key, new TextEncoder().encode(body.text), { contentType });
    }
  }

  /** @throws PictorError SOURCE_FAILED where the file is another one now, or gone: that is no fault of the bucket */
  async function keepPicture(read: Reading, { key, size, contentType }: KeptPicture): Promise<void> {
    try {
      await bucket.put(key, { file: read.path, size }, { contentType });
    } catch (thrown) {
      checkStill(read);
      throw thrown;
    }
    try {
      checkStill(read);
    } catch (thrown) {
      // It may be kept under a hash that is not its own.
      await bucket.delete(key);
      throw thrown;
    }
  }

  /** Makes and keeps a variant, and gives the facts of its original. */
  async function make(
    read: Reading,
    { image, keep: place }: Recipe,
    signal: AbortSignal,
  ): Promise<ImageInfo> {
    const job = { request: image, inputs: { [image.source]: { path: read.path } }, limits };
    const transform: Transform = async (into) => {
      const result = await engine.transform({ ...job, ...into }, signal);
      checkUnchanged(read, result.source);
      return result;
    };
    const draft = place === undefined ? undefined : bucket.draft?.();
    if (place !== undefined && draft !== undefined) return makeDraft(transform, { ...place, draft });
    const { bytes, mediaType, source } = await transform({});
    if (place !== undefined) await bucket.put(place.key, bytes, { contentType: mediaType });
    return source;
  }

  /** The worker writes it. That it is durable is not waited for: what a loss of power takes is missing in the next run. */
  async function makeDraft(
    transform: Transform,
    { key, draft }: { readonly key: string; readonly draft: Draft },
  ): Promise<ImageInfo> {
    try {
      const { source } = await transform({ into: draft.file });
      await draft.keep(key);
      return source;
    } catch (thrown) {
      await draft.drop();
      throw thrown;
    }
  }

  async function look(read: Reading, { inputs }: UploadTask): Promise<ImageInfo> {
    const bounds = inputs === undefined ? limits : { ...limits, inputs };
    const info = await engine.inspect({ path: read.path }, bounds);
    checkUnchanged(read, info);
    checkLimits(info, bounds);
    return info;
  }

  return async (picture, signal) => {
    const { path, task } = picture;
    const version = versionOf(path);
    const read: Reading =
      picture.hash === null
        ? { path, version, ...(await md5Of(path)) }
        : { path, version, md5: picture.hash, bytes: null };
    const unknown = unknownFacts(read.md5);
    const objects = task.objects(unknown);
    const original = objects.find(({ body }) => body === 'picture')?.key ?? '';
    const isReady = await findReady(original, picture);
    const recipes = task.variants(unknown).map(({ recipe }) => recipe);
    const missing = recipes.filter(({ keep: place }) => place === undefined || !isReady(place.key));
    const [first, ...others] = missing;
    // To look at a picture alone costs a tenth of making something of it, where the answer comes along.
    const info = first === undefined ? await look(read, task) : await make(read, first, signal);
    const facts: UploadFacts = { ...unknown, bytes: info.bytes, ...uprightFacts(info) };
    const wanted = task.objects(facts).filter(({ key }) => !isReady(key));
    await keep(read, wanted, facts);
    for (const recipe of others) await make(read, recipe, signal);
    const { md5: hash, width, height } = facts;
    return { hash, width, height, made: missing.length, ready: recipes.length - missing.length };
  };
}

type Transform = (into: Pick<TransformJob, 'into'>) => Promise<TransformResult>;

interface KeptPicture {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
}

/** A picture as it was when its hash was found. */
interface Reading {
  readonly path: string;
  /** Before it was read (`versionOf`). */
  readonly version: string | null;
  readonly md5: string;
  /** Null: the hash is not that of its bytes. */
  readonly bytes: number | null;
}

/** Somebody may be copying it here right now: what is kept must be what the hash is of. @throws PictorError SOURCE_FAILED */
function checkUnchanged({ bytes }: Reading, info: ImageInfo): void {
  if (bytes === null || bytes === info.bytes) return;
  throw new PictorError('SOURCE_FAILED', { detail: 'was written to while it was read' });
}

/** @throws PictorError SOURCE_FAILED for a file that was changed, replaced or removed since it was first looked at */
function checkStill({ path, version }: Reading): void {
  const now = versionOf(path);
  if (now === version) return;
  const what = now === null ? 'removed' : 'written to';
  throw new PictorError('SOURCE_FAILED', { detail: `was ${what} while it was read` });
}

/** Another text for another file, or other bytes in it; null for none. Synchronous: a trip to the thread pool costs more. */
function versionOf(path: string): string | null {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return null;
  }
}

type IsReady = (key: string) => boolean;

/** What an upload is before anybody has looked at it: keys and variants follow from the hash. */
const unknownFacts = (md5: string): UploadFacts => ({
  md5,
  mediaType: '',
  bytes: 0,
  width: 0,
  height: 0,
  // Unlike `randomBytes`, it has some in store.
  random: randomUUID().replaceAll('-', ''),
});

/** Most pictures in one go. */
const readBytes = 1024 * 1024;

/** A stream: a folder may hold files of any size. */
async function md5Of(path: string): Promise<Pick<Reading, 'md5' | 'bytes'>> {
  const digest = createHash('md5');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, {
      highWaterMark: readBytes,
    }) as AsyncIterable<Uint8Array>) {
      digest.update(chunk);
      bytes += chunk.byteLength;
    }
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new PictorError('SOURCE_FAILED', { detail: `cannot be read (${why})`, cause });
  }
  return { md5: digest.digest('hex'), bytes };
}
