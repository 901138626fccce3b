import type { GetObjectCommandOutput, ObjectCannedACL } from '@aws-sdk/client-s3';
import { type S3Failure, s3FailureOf } from '../cloud/s3-failures.ts';
import type { S3Service } from '../cloud/s3-session.ts';
import { partBytes, uploadObject } from '../cloud/s3-upload.ts';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { BlobMeta, BlobStore, StoredBlob } from '../core/ports.ts';
import { createKeyedQueue } from '../lib/keyed-queue.ts';
import { checkKey } from './keys.ts';
import { createOwedDeletions } from './owed.ts';
import { flatLayout, type S3Layout } from './s3/layout.ts';
import { createS3Link, type S3Outcome } from './s3/link.ts';
import { factsOf, readObject } from './s3/object.ts';
import { copyWithMeta, fetchWhole } from './s3/requests.ts';
import { type Spooled, spoolBytes, spoolStream } from './s3/spool.ts';
import { createThrottledReport } from './throttled-report.ts';

/** Requests at a time when S3 is back. */
const deletedAtOnce = 20;

/** Headers an object is stored with, for others who read the bucket. */
export interface ObjectHeaders {
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly acl?: ObjectCannedACL;
}

/** An object that was not written by pictor. */
export interface ForeignObject {
  readonly path: string;
  readonly size: number;
  readonly contentType?: string;
  readonly etag?: string;
  readonly lastModified?: Date;
}

export interface S3StoreOptions {
  /** The store closes it. */
  readonly service: S3Service;
  readonly bucket: string;
  readonly emit: EmitEvent;
  /** Default: the key itself, without prefix. */
  readonly layout?: S3Layout;
  /** For a look-up with its whole body, and for a change of meta. Default 2. */
  readonly readSeconds?: number;
  /** For a write of up to 8 MiB and as long again for each further 8 MiB. Default 10. */
  readonly writeSeconds?: number;
  /** Default 64 MiB: `get` holds a whole body in memory. */
  readonly maxBlobBytes?: number;
  /** Bytes of bodies on their way to S3; what comes on top is refused. Default 128 MiB. */
  readonly maxWaitingBytes?: number;
  /** Default: the meta's `mediaType` as Content-Type. */
  readonly headersOf?: (meta: BlobMeta) => ObjectHeaders;
  /** The meta of an object of another program; null: it counts as missing, as all do by default. */
  readonly adopt?: (object: ForeignObject) => BlobMeta | null;
  /** Name in events and metrics. Default `s3`. */
  readonly name?: string;
}

const mebibyte = 1024 * 1024;
/** A meta behind a body does not count as body. */
const longestTail = mebibyte;

const mediaTypeOf = ({ mediaType }: BlobMeta): ObjectHeaders =>
  typeof mediaType === 'string' ? { contentType: mediaType } : {};

/**
 * Keeps blobs as objects in a bucket that other processes may share; how they are written is told in s3/object.ts. How
 * much is kept is set there, by a lifecycle rule. A body is sent once it has arrived as a whole, beyond 8 MiB from a
 * temporary file. `setMeta` lets S3 copy the object onto itself, so that no body travels.
 *
 * S3 may be away at any time, also at the start. Then `get` misses, `setMeta` does nothing and `put` and `delete` reject,
 * all at once; what was to be deleted or replaced is deleted when it is back, before it is read.
 */
export function createS3Store(options: S3StoreOptions): BlobStore {
  const { service, bucket, emit, name = 's3', readSeconds = 2, writeSeconds = 10 } = options;
  const { maxBlobBytes = 64 * mebibyte, headersOf = mediaTypeOf } = options;
  const layout = options.layout ?? flatLayout('');
  const queue = createKeyedQueue();
  const report = createThrottledReport(emit, name);
  const waiting = createAllowance(options.maxWaitingBytes ?? 128 * mebibyte);
  const owed = createOwedDeletions();
  const link = createS3Link({
    service,
    name,
    bucket,
    emit,
    probeSeconds: readSeconds,
    async probe(session, signal) {
      const { client, sdk } = session;
      const nothing = { Bucket: bucket, Key: layout.pathOf('pictor-probe') };
      await client.send(new sdk.GetObjectCommand(nothing), { abortSignal: signal }).catch(passMissing);
      // One by one: deleting many by one request is not understood everywhere.
      await owed.pay(deletedAtOnce, (paths) =>
        Promise.all(
          paths.map((Key) =>
            client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key }), { abortSignal: signal }),
          ),
        ),
      );
    },
  });

  const placeOf = (key: string): string => {
    checkKey(key);
    return layout.pathOf(key);
  };

  /** The value of a change, or its failure told and thrown. What was there before must not be read again. */
  function settled<T>(outcome: S3Outcome<T>, path: string): T {
    if (outcome.ok) return outcome.value;
    const error = storeFailure(outcome.failure);
    owed.add(path);
    if (link.isUp()) report('write-failed', error);
    throw error;
  }

  async function remove(path: string): Promise<void> {
    const outcome = await link.run(readSeconds, ({ client, sdk }, abortSignal) =>
      client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: path }), { abortSignal }),
    );
    if (!outcome.ok && outcome.failure.kind === 'missing') return;
    settled(outcome, path);
  }

  async function write(path: string, spooled: Spooled, meta: BlobMeta): Promise<void> {
    const facts = factsOf(meta, spooled.check);
    const size = spooled.size + facts.tail.byteLength;
    const leave = waiting.enter(size);
    if (leave === null) {
      const failure: S3Failure = { kind: 'exhausted', detail: 'too many bytes are on their way already' };
      return settled({ ok: false, failure }, path);
    }
    try {
      const Body = await spooled.send(facts.tail);
      const { contentType, cacheControl, acl } = headersOf(meta);
      const object = {
        Bucket: bucket,
        Key: path,
        Body,
        Metadata: facts.metadata,
        ...(contentType === undefined ? {} : { ContentType: contentType }),
        ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
        ...(acl === undefined ? {} : { ACL: acl }),
      };
      const seconds = writeSeconds * Math.max(1, Math.ceil(size / partBytes));
      settled(await link.run(seconds, (session, signal) => uploadObject(session, { object, signal })), path);
      owed.forget(path);
    } finally {
      leave();
    }
  }

  async function put(
    path: string,
    spooled: Spooled | null,
    meta: BlobMeta | (() => BlobMeta),
  ): Promise<void> {
    if (spooled === null) return queue.run(path, () => remove(path));
    try {
      await queue.run(path, () => write(path, spooled, typeof meta === 'function' ? meta() : meta));
    } finally {
      await spooled.drop();
    }
  }

  async function rewriteMeta(path: string, meta: BlobMeta): Promise<void> {
    const outcome = await link.run(readSeconds, (session, signal) =>
      copyWithMeta(session, { bucket, path, meta, signal }),
    );
    if (!outcome.ok && (outcome.failure.kind === 'missing' || outcome.failure.kind === 'changed')) return;
    if (settled(outcome, path) === 'done') return;
    const blob = await read(path);
    if (blob !== null) await write(path, spoolBytes(await blob.bytes()), meta);
  }

  async function read(path: string): Promise<StoredBlob | null> {
    const outcome = await link.run(readSeconds, (session, signal) =>
      fetchWhole(session, { bucket, path, maxBytes: maxBlobBytes + longestTail, signal }),
    );
    if (outcome.ok) return blobOf(path, outcome.value);
    // Who may not list a bucket is told "denied" of everything that is not there.
    const isMiss = outcome.failure.kind === 'missing' || outcome.failure.kind === 'denied';
    if (!isMiss && link.isUp()) report('read-failed', storeFailure(outcome.failure));
    return null;
  }

  function blobOf(
    path: string,
    read: { output: GetObjectCommandOutput; bytes: Buffer | null },
  ): StoredBlob | null {
    const { output, bytes } = read;
    if (bytes === null) return null;
    const found = readObject(bytes, output.Metadata ?? {});
    if (found === null) {
      report('read-failed', new PictorError('STORE_FAILED', { detail: `${path}: body and meta do not fit` }));
      return null;
    }
    if (found !== undefined) return storedBlob(name, found.meta, found.body);
    const { ContentType: contentType, ETag: etag, LastModified: lastModified } = output;
    const meta = options.adopt?.({
      path,
      size: bytes.byteLength,
      ...(contentType === undefined ? {} : { contentType }),
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
    });
    return meta === undefined || meta === null ? null : storedBlob(name, meta, bytes);
  }

  return {
    name,
    maxBlobBytes,
    async get(key) {
      const path = placeOf(key);
      return link.isUp() ? read(path) : null;
    },
    async put(key, body, meta) {
      const path = placeOf(key);
      if (body instanceof Uint8Array) {
        return put(path, body.byteLength > maxBlobBytes ? null : spoolBytes(body), meta);
      }
      const bounds = { inMemory: partBytes, maxBytes: maxBlobBytes };
      return put(path, await spoolStream(body, bounds), meta);
    },
    async setMeta(key, meta) {
      const path = placeOf(key);
      if (link.isUp()) await queue.run(path, () => rewriteMeta(path, meta));
    },
    async delete(key) {
      const path = placeOf(key);
      await queue.run(path, () => remove(path));
    },
    async *list(start) {
      let next: string | undefined;
      do {
        const from = next === undefined ? {} : { ContinuationToken: next };
        const question = { Bucket: bucket, Prefix: layout.commonPath(start), ...from };
        const outcome = await link.run(writeSeconds, ({ client, sdk }, abortSignal) =>
          client.send(new sdk.ListObjectsV2Command(question), { abortSignal }),
        );
        if (!outcome.ok) throw storeFailure(outcome.failure);
        for (const { Key: path = '' } of outcome.value.Contents ?? []) {
          const key = layout.keyOf(path);
          if (key?.startsWith(start) === true) yield key;
        }
        next = outcome.value.NextContinuationToken;
      } while (next !== undefined);
    },
    async close() {
      await queue.idle();
      await link.close();
    },
  };
}

const storeFailure = ({ kind, detail }: S3Failure): PictorError =>
  new PictorError('STORE_FAILED', { detail: `s3: ${kind}: ${detail}` });

function passMissing(thrown: unknown): void {
  if (!['missing', 'denied'].includes(s3FailureOf(thrown).kind)) throw thrown;
}

/** A number of bytes that may be in use at one time; one that is larger than all of them goes alone. */
function createAllowance(limit: number): { enter(bytes: number): (() => void) | null } {
  let used = 0;
  return {
    enter(bytes) {
      if (used > 0 && used + bytes > limit) return null;
      used += bytes;
      return () => {
        used -= bytes;
      };
    },
  };
}

const storedBlob = (tier: string, meta: BlobMeta, body: Buffer): StoredBlob => ({
  meta,
  size: body.byteLength,
  tier,
  body,
  bytes: () => Promise.resolve(body),
});
