import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Bucket } from '../core/bucket.ts';
import { PictorError } from '../core/errors.ts';
import type { ImageInfo, ImageLimits } from '../core/image-info.ts';
import type { Engine } from '../plan/engine-port.ts';
import { checkLimits } from '../plan/limits.ts';
import type { Recipe, UploadFacts, UploadTask } from '../request/storage.ts';
import { uprightFacts } from './upright-facts.ts';

/** A picture on this machine, and what is to become of it. */
export interface BatchPicture {
  readonly path: string;
  /** Hexadecimal MD5 that it goes by; null: that of its bytes. */
  readonly hash: string | null;
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
  /** Keys of what is there of the original already. */
  async function keysBeside(key: string): Promise<ReadonlySet<string>> {
    const keys = new Set<string>();
    const prefix = family(key)?.prefix;
    if (prefix === undefined || prefix === null) return keys;
    for await (const object of bucket.list(prefix)) keys.add(object.key);
    return keys;
  }

  async function keep({ path, task }: BatchPicture, facts: UploadFacts, ready: ReadonlySet<string>) {
    for (const { key, body, contentType } of task.objects(facts)) {
      if (ready.has(key)) continue;
      const bytes =
        body === 'picture' ? { file: path, size: facts.bytes } : new TextEncoder().encode(body.text);
      await bucket.put(key, bytes, { contentType });
    }
  }

  /** Makes and keeps a variant, and gives the facts of its original. */
  async function make(path: string, { image, keep: place }: Recipe, signal: AbortSignal): Promise<ImageInfo> {
    const job = { request: image, inputs: { [image.source]: { path } }, limits };
    const { bytes, mediaType, source } = await engine.transform(job, signal);
    if (place !== undefined) await bucket.put(place.key, bytes, { contentType: mediaType });
    return source;
  }

  async function look(path: string, { inputs }: UploadTask): Promise<ImageInfo> {
    const bounds = inputs === undefined ? limits : { ...limits, inputs };
    const info = await engine.inspect({ path }, bounds);
    checkLimits(info, bounds);
    return info;
  }

  return async (picture, signal) => {
    const { path, task } = picture;
    const unknown = unknownFacts(picture.hash ?? (await md5Of(path)));
    const original = task.objects(unknown).find(({ body }) => body === 'picture')?.key ?? '';
    const ready = await keysBeside(original);
    const recipes = task.variants(unknown).map(({ recipe }) => recipe);
    const missing = recipes.filter(({ keep: place }) => place === undefined || !ready.has(place.key));
    const [first, ...others] = missing;
    // To look at a picture alone costs a tenth of making something of it, where the answer comes along.
    const info = first === undefined ? await look(path, task) : await make(path, first, signal);
    const facts: UploadFacts = { ...unknown, bytes: info.bytes, ...uprightFacts(info) };
    await keep(picture, facts, ready);
    for (const recipe of others) await make(path, recipe, signal);
    const { md5: hash, width, height } = facts;
    return { hash, width, height, made: missing.length, ready: recipes.length - missing.length };
  };
}

/** What an upload is before anybody has looked at it: keys and variants follow from the hash. */
const unknownFacts = (md5: string): UploadFacts => ({
  md5,
  mediaType: '',
  bytes: 0,
  width: 0,
  height: 0,
  random: randomBytes(16).toString('hex'),
});

/** A stream: a folder may hold files of any size. */
async function md5Of(path: string): Promise<string> {
  const digest = createHash('md5');
  try {
    for await (const chunk of createReadStream(path)) digest.update(chunk as Uint8Array);
  } catch (cause) {
    throw new PictorError('SOURCE_FAILED', { detail: `${path} cannot be read`, cause });
  }
  return digest.digest('hex');
}
