import { Readable } from 'node:stream';
import type { GetObjectCommandInput } from '@aws-sdk/client-s3';
import { type S3Failure, type S3FailureKind, s3FailureOf } from '../cloud/s3-failures.ts';
import { type RawResponse, watchResponse } from '../cloud/s3-raw-response.ts';
import { createS3Service, type S3Service } from '../cloud/s3-session.ts';
import { type ErrorCode, PictorError } from '../core/errors.ts';
import type { NotModified, Original, Source, Validators } from '../core/ports.ts';
import { objectFound, objectUnchanged } from './object-answer.ts';
import { createObjectSource, type ObjectFetch } from './object-source.ts';
import type { ObjectAddress } from './object-uri.ts';
import type { S3SourceSettings } from './settings.ts';

export interface S3SourceParts {
  /** See `createObjectSource`. */
  readonly versionSeparator: string;
}

/**
 * Originals from S3 and what speaks its language: `s3://bucket/key`, and `s3://bucket/key?version` for a version of a
 * bucket that keeps them.
 *
 * A missing object, version or bucket is SOURCE_NOT_FOUND; what these credentials may not read is SOURCE_REFUSED, as is a
 * missing object where they may not list the bucket; wrong credentials, a wrong region and a failing service are
 * SOURCE_FAILED.
 */
export function createS3Source(settings: S3SourceSettings, { versionSeparator }: S3SourceParts): Source {
  const { accessPoints, assumeRoleArn: arn, assumeRoleExternalId: externalId } = settings;
  const service = createS3Service({
    ...settings,
    ...(arn === '' ? {} : { assumeRole: { arn, externalId } }),
  });
  return createObjectSource({
    ...settings,
    scheme: 's3',
    versionSeparator,
    async fetch(fetch) {
      const { bucket } = fetch.address;
      if (!bucketPattern.test(bucket))
        throw new PictorError('SOURCE_INVALID', { detail: `no name of a bucket: ${bucket.slice(0, 100)}` });
      const target = Object.hasOwn(accessPoints, bucket) ? accessPoints[bucket]! : bucket;
      return fetchObject(service, { ...fetch, address: { ...fetch.address, bucket: target } });
    },
    close: () => service.close(),
  });
}

/**
 * Names of buckets, those from before 2018 and aliases of access points included. Not an ARN: that would name a bucket in
 * another way than the operator's lists do.
 */
const bucketPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

async function fetchObject(service: S3Service, fetch: ObjectFetch): Promise<Original | NotModified> {
  const { address, context, deadline } = fetch;
  const abortSignal = deadline.signal;
  let answered: () => RawResponse | null = () => null;
  const headers = () => answered()?.headers ?? {};
  try {
    const { client, sdk } = await service.session();
    const command = new sdk.GetObjectCommand(questionOf(address, context.known));
    answered = watchResponse(command);
    const { Body: body } = await client.send(command, { abortSignal });
    if (!(body instanceof Readable))
      throw new PictorError('SOURCE_FAILED', { detail: 'an answer without a body' });
    return objectFound(headers(), body, fetch);
  } catch (thrown) {
    if (thrown instanceof PictorError || deadline.failure() !== null) throw thrown;
    const failure = s3FailureOf(thrown);
    if (failure.kind === 'not-modified') return objectUnchanged(headers(), fetch);
    throw toPictorError(failure, thrown);
  }
}

function questionOf(
  { bucket, key, version }: ObjectAddress,
  known: Validators | undefined,
): GetObjectCommandInput {
  const since = known?.lastModified === undefined ? Number.NaN : Date.parse(known.lastModified);
  return {
    Bucket: bucket,
    Key: key,
    ...(version === null ? {} : { VersionId: version }),
    ...(known?.etag === undefined ? {} : { IfNoneMatch: known.etag }),
    // The date is coarser than the tag: where there is one, the tag alone decides (RFC 9110 section 13.2.2).
    ...(known?.etag !== undefined || Number.isNaN(since) ? {} : { IfModifiedSince: new Date(since) }),
  };
}

const codes: Readonly<Record<S3FailureKind, ErrorCode>> = {
  missing: 'SOURCE_NOT_FOUND',
  denied: 'SOURCE_REFUSED',
  refused: 'SOURCE_REFUSED',
  misconfigured: 'SOURCE_FAILED',
  failed: 'SOURCE_FAILED',
  timeout: 'SOURCE_TIMEOUT',
  unreachable: 'SOURCE_UNREACHABLE',
  exhausted: 'BUSY',
  // Answers to questions that were not asked.
  'not-modified': 'SOURCE_FAILED',
  changed: 'SOURCE_FAILED',
};

const retryAfterSeconds = 2;

function toPictorError({ kind, detail, status }: S3Failure, cause: unknown): PictorError {
  return new PictorError(codes[kind], {
    detail: `s3: ${detail}`,
    cause,
    ...(status === undefined ? {} : { upstreamStatus: status }),
    ...(kind === 'exhausted' ? { retryAfterSeconds } : {}),
  });
}
