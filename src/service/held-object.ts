import { hash } from 'node:crypto';
import type { Bucket, BucketObject, ObjectFacts } from '../core/bucket.ts';
import { asPictorError, PictorError } from '../core/errors.ts';
import { sniffedObjectType } from './object-type.ts';

/** An object as far as it is needed to hand it over. */
export interface HeldObject extends Omit<ObjectFacts, 'etag'> {
  /** Strong: same text, same bytes. */
  readonly etag?: string;
  /** From the bytes. */
  readonly sniffedType: string;
  /** Null: too large to be held; `open` reads it. */
  readonly bytes: Uint8Array | null;
}

/** Larger objects are handed on as they are read: of many at once the memory would not hold all. */
export const mostHeldBytes = 4 * 1024 * 1024;

/** What `sniffedObjectType` looks at. */
const headBytes = 4100;

/** Bytes at hand as an object. */
export const heldObject = (
  bytes: Uint8Array,
  facts: Pick<HeldObject, 'contentType' | 'modified'>,
): HeldObject => ({
  ...facts,
  size: bytes.byteLength,
  sniffedType: sniffedObjectType(bytes),
  etag: tagOf(bytes),
  bytes,
});

/** Opaque strong tag. */
const tagOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'base64url').slice(0, 27);

const factsOf = ({ size, modified, contentType }: ObjectFacts) => ({
  size,
  modified,
  ...(contentType === undefined ? {} : { contentType }),
});

/** An object that changes each time it is looked at is given up. */
const mostReads = 5;

/** An object, and the tag its bucket has for it. */
interface ReadObject {
  readonly object: HeldObject;
  readonly bucketTag?: string;
}

/** Null: no such object. One that is removed or replaced under our hands is looked for again. @throws PictorError STORAGE_* */
export async function readObject(
  bucket: Bucket,
  key: string,
  signal: AbortSignal,
): Promise<ReadObject | null> {
  for (let reads = 1; ; reads += 1) {
    const found = await bucket.get(key, { signal });
    if (found === null) return null;
    try {
      return await readFrom(found);
    } catch (thrown) {
      const mayHaveChanged = reads < mostReads && asPictorError(thrown).code === 'STORAGE_FAILED';
      if (!mayHaveChanged || isAsItWas(found, await bucket.head(key, signal))) throw thrown;
    }
  }
}

const isAsItWas = (before: ObjectFacts, now: ObjectFacts | null): boolean =>
  now !== null && now.size === before.size && now.modified === before.modified && now.etag === before.etag;

/** Reads what is small whole, and of the rest what tells its type. @throws PictorError STORAGE_FAILED when it ends early */
async function readFrom(found: BucketObject): Promise<ReadObject> {
  const isSmall = found.size <= mostHeldBytes;
  const wanted = isSmall ? found.size : Math.min(found.size, headBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of found.body) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (!isSmall && length >= wanted) break;
  }
  if (length < wanted || (isSmall && length !== wanted))
    throw new PictorError('STORAGE_FAILED', { detail: `${length} bytes of an object of ${found.size}` });
  const bytes = Buffer.concat(chunks);
  const etag = isSmall ? tagOf(bytes) : found.etag;
  return {
    ...(found.etag === undefined ? {} : { bucketTag: found.etag }),
    object: {
      ...factsOf(found),
      sniffedType: sniffedObjectType(bytes),
      bytes: isSmall ? bytes : null,
      ...(etag === undefined ? {} : { etag }),
    },
  };
}
