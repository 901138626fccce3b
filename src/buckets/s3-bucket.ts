import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { GetObjectCommandOutput, HeadObjectCommandOutput, ObjectCannedACL } from '@aws-sdk/client-s3';
import { createS3Service, type S3Service, type S3Session } from '../cloud/s3-session.ts';
import type { S3Connection } from '../cloud/s3-settings.ts';
import { partBytes, uploadObject } from '../cloud/s3-upload.ts';
import type {
  Bucket,
  BucketObject,
  Buckets,
  ListedObject,
  ObjectBody,
  ObjectFacts,
  ReadOptions,
} from '../core/bucket.ts';
import { PictorError } from '../core/errors.ts';
import type { S3Place } from '../request/storage.ts';
import { checkBucketName } from './bucket-name.ts';
import { throwIfLeft } from './left.ts';
import { isObjectKey } from './object-key.ts';
import { checkedBody, emptyBody, partOf } from './s3/body.ts';
import { isMissingObject, s3StorageFailure } from './s3/failure.ts';

/** A connection stands within this time, or the service is away. Seconds. */
const connectSeconds = 5;
/** A service that works moves a byte within this time. Seconds. */
const idleSeconds = 60;
/** More than the gates before it let through: who waits for a connection would count as not answered. */
const maxConnections = 256;

const connectionTo = (place: S3Place): S3Connection => ({
  endpoint: place.endpoint,
  pathStyle: place.pathStyle,
  region: place.region,
  fallbackRegion: 'us-east-1',
  accessKeyId: place.accessKeyId,
  secretAccessKey: place.secretAccessKey,
  sessionToken: place.sessionToken,
  maxAttempts: place.maxAttempts,
  maxConnections,
  connectTimeoutSeconds: Math.min(connectSeconds, place.timeoutSeconds || connectSeconds),
  tryTimeoutSeconds: place.timeoutSeconds,
  idleTimeoutSeconds: Math.min(idleSeconds, place.timeoutSeconds || idleSeconds),
});

/**
 * Buckets of one S3 service, which is connected to with the first object: one client for all of them. A place that names a
 * bucket has that one alone, whatever it is asked for.
 */
export function createS3Buckets(place: S3Place): Buckets {
  const service = createS3Service(connectionTo(place));
  const opened = new Map<string, Bucket>();
  return {
    bucket(asked) {
      const name = place.bucket || asked;
      checkBucketName(name);
      const bucket = opened.get(name) ?? createS3Bucket(service, { ...place, bucket: name });
      opened.set(name, bucket);
      return bucket;
    },
    close: () => service.close(),
  };
}

/** What is asked of a bucket when it is listed. */
interface Listing {
  readonly Bucket: string;
  readonly Prefix: string;
  readonly StartAfter?: string;
}

/** What is sent to every request of an object. */
interface Address {
  readonly Bucket: string;
  readonly Key: string;
}

/** @param service whoever opened it closes it */
function createS3Bucket(service: S3Service, { bucket, prefix, acl, timeoutSeconds }: S3Place): Bucket {
  const addressOf = (key: string): Address | null =>
    isObjectKey(prefix + key) && key !== '' ? { Bucket: bucket, Key: prefix + key } : null;

  async function run<T>(
    signal: AbortSignal | undefined,
    send: (session: S3Session, options: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    throwIfLeft(signal);
    try {
      return await send(await service.session(), signal === undefined ? {} : { abortSignal: signal });
    } catch (thrown) {
      throwIfLeft(signal);
      throw thrown;
    }
  }

  /** Somebody waits for it: all tries together take no longer than one may, until the head of the answer is here. */
  async function ask<T>(signal: AbortSignal | undefined, send: Parameters<typeof run<T>>[1]): Promise<T> {
    if (timeoutSeconds === 0) return run(signal, send);
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutSeconds * 1000);
    try {
      return await run(signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]), send);
    } catch (thrown) {
      throwIfLeft(signal);
      if (!limit.signal.aborted) throw thrown;
      throw new PictorError('STORAGE_TIMEOUT', {
        detail: `s3: no answer in ${timeoutSeconds} s`,
        cause: thrown,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async function get(key: string, wanted: ReadOptions = {}): Promise<BucketObject | null> {
    const address = addressOf(key);
    if (address === null) return null;
    const { part, signal } = wanted;
    const range = part === undefined ? {} : { Range: `bytes=${part.first}-${part.last}` };
    try {
      return objectOf(
        await ask(signal, ({ client, sdk }, options) =>
          client.send(new sdk.GetObjectCommand({ ...address, ...range }), options),
        ),
        wanted,
      );
    } catch (thrown) {
      if (part === undefined || !isOutOfRange(thrown)) return missingOr(thrown);
      const facts = await head(key, signal);
      return facts === null ? null : { ...facts, body: emptyBody() };
    }
  }

  async function head(key: string, signal?: AbortSignal): Promise<ObjectFacts | null> {
    const address = addressOf(key);
    if (address === null) return null;
    try {
      return factsOf(
        await ask(signal, ({ client, sdk }, options) =>
          client.send(new sdk.HeadObjectCommand(address), options),
        ),
      );
    } catch (thrown) {
      return missingOr(thrown);
    }
  }

  async function* list(question: Listing): AsyncGenerator<ListedObject> {
    for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
      const from = next === undefined ? {} : { ContinuationToken: next };
      const page = await run(undefined, ({ client, sdk }) =>
        client.send(new sdk.ListObjectsV2Command({ ...question, ...from })),
      ).catch((thrown: unknown) => {
        throw s3StorageFailure(thrown);
      });
      for (const { Key: key = '', Size: size = 0, LastModified: modified } of page.Contents ?? []) {
        if (key.length > prefix.length)
          yield { key: key.slice(prefix.length), size, modified: modified?.getTime() ?? 0 };
      }
      next = page.NextContinuationToken;
    }
  }

  return {
    name: 's3',
    get,
    head,
    async put(key, body, { contentType, signal = neverAborted }) {
      const address = addressOf(key);
      if (address === null) throw notAKey(key);
      try {
        await run(signal, async (session) => {
          const object = {
            ...address,
            Body: await sendable(body),
            ...(contentType === '' ? {} : { ContentType: contentType }),
            ...(acl === '' ? {} : { ACL: acl as ObjectCannedACL }),
          };
          await uploadObject(session, { object, signal });
        });
      } catch (thrown) {
        throw s3StorageFailure(thrown);
      }
    },
    async delete(key) {
      const address = addressOf(key);
      if (address === null) return;
      try {
        await run(undefined, ({ client, sdk }) => client.send(new sdk.DeleteObjectCommand(address)));
      } catch (thrown) {
        missingOr(thrown);
      }
    },
    list: (start) => list({ Bucket: bucket, Prefix: prefix + start }),
    listFrom: (start, after) =>
      list({
        Bucket: bucket,
        Prefix: prefix + start,
        ...(after === '' ? {} : { StartAfter: prefix + after }),
      }),
    // The service is closed by whoever opened it.
    close: async () => {},
  };
}

const neverAborted = new AbortController().signal;

function missingOr(thrown: unknown): null {
  if (thrown instanceof PictorError || !isMissingObject(thrown)) throw s3StorageFailure(thrown);
  return null;
}

/** A part of an object that has no such part: an answer without bytes, as of a file. */
const isOutOfRange = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown.name === 'InvalidRange' || statusOf(thrown) === 416);

const statusOf = (thrown: Error): unknown =>
  '$metadata' in thrown ? (thrown.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;

type Answer = Pick<HeadObjectCommandOutput, 'ContentLength' | 'ContentType' | 'LastModified' | 'ETag'>;

const factsOf = ({ ContentLength, ContentType, LastModified, ETag }: Answer): ObjectFacts => ({
  size: ContentLength ?? 0,
  modified: LastModified?.getTime() ?? 0,
  ...(ContentType === undefined || ContentType === '' ? {} : { contentType: ContentType }),
  ...(ETag === undefined ? {} : { etag: ETag.replaceAll('"', '') }),
});

function objectOf(output: GetObjectCommandOutput, { part, signal }: ReadOptions): BucketObject {
  const { Body: body, ContentLength: length, ContentRange: range } = output;
  if (body === undefined) throw new PictorError('STORAGE_FAILED', { detail: 's3: an answer without a body' });
  const [, start, whole] = /^bytes (\d+)-\d+\/(\d+)$/.exec(range ?? '') ?? [];
  const offset = Number(start ?? 0);
  const arriving = checkedBody(body as unknown as AsyncIterable<Uint8Array>, length, signal);
  return {
    ...factsOf(output),
    ...(whole === undefined ? {} : { size: Number(whole) }),
    body:
      part === undefined
        ? arriving
        : partOf(arriving, { first: part.first - offset, last: part.last - offset }),
  };
}

/** Small files as bytes, so that they can be sent again; larger ones are sent in parts. */
async function sendable(body: ObjectBody): Promise<Uint8Array | ReturnType<typeof createReadStream>> {
  if (body instanceof Uint8Array) return body;
  const { file, size } = body;
  if (size > partBytes) return createReadStream(file, { end: size - 1 });
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new PictorError('STORAGE_FAILED', { detail: String(cause), cause });
  });
  if (bytes.byteLength === size) return bytes;
  throw new PictorError('STORAGE_FAILED', { detail: `${file} has ${bytes.byteLength} bytes, not ${size}` });
}

const notAKey = (key: string): PictorError =>
  new PictorError('STORAGE_REFUSED', {
    detail: `no key of an object: ${JSON.stringify(key.slice(0, 200))}`,
    upstreamStatus: 403,
  });
