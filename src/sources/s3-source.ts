import { Readable } from 'node:stream';
import type { GetObjectCommandInput, GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { type S3Failure, type S3FailureKind, s3FailureOf } from '../cloud/s3-failures.ts';
import { type RawResponse, watchResponse } from '../cloud/s3-raw-response.ts';
import { createS3Service, type S3Service } from '../cloud/s3-session.ts';
import { type ErrorCode, PictorError } from '../core/errors.ts';
import type {
  NotModified,
  OpenContext,
  Original,
  Source,
  SourceResponse,
  Validators,
} from '../core/ports.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { codingsOf, readBody } from './http-body.ts';
import { isUsableKey, parseS3Uri, type S3Address } from './s3-uri.ts';
import type { S3SourceSettings } from './settings.ts';
import { tooLarge } from './too-large.ts';

export interface S3SourceParts {
  /** Text before the version of an object; empty: no versions. */
  readonly versionSeparator: string;
}

/**
 * Originals from S3 and what speaks its language: `s3://bucket/key`, and `s3://bucket/key?version` for a version of a
 * bucket that keeps them. Which buckets may be read is the operator's list; a bucket on the denied list is never read.
 *
 * A missing object, version or bucket is SOURCE_NOT_FOUND; what these credentials may not read is SOURCE_REFUSED, as is a
 * missing object where they may not list the bucket; wrong credentials, a wrong region and a failing service are
 * SOURCE_FAILED.
 */
export function createS3Source(settings: S3SourceSettings, { versionSeparator }: S3SourceParts): Source {
  const { assumeRoleArn: arn, assumeRoleExternalId: externalId } = settings;
  const service = createS3Service({
    ...settings,
    ...(arn === '' ? {} : { assumeRole: { arn, externalId } }),
  });
  const mayRead = bucketRule(settings);
  return {
    schemes: ['s3'],
    async open(uri, context) {
      const address = parseS3Uri(uri, versionSeparator);
      if (address === null)
        throw new PictorError('SOURCE_INVALID', { detail: `expected s3://bucket/key: ${uri.slice(0, 200)}` });
      if (!mayRead(address.bucket))
        throw new PictorError('SOURCE_NOT_ALLOWED', { detail: `bucket ${address.bucket}` });
      if (!isUsableKey(address.key))
        throw new PictorError('SOURCE_NOT_FOUND', { detail: 'no usable key of an object' });
      const bucket = settings.accessPoints[address.bucket] ?? address.bucket;
      const deadline = startDeadline(context.signal, settings.timeoutSeconds);
      try {
        return await fetchObject(service, { ...address, bucket }, { context, deadline });
      } catch (thrown) {
        deadline.end();
        throw deadline.failure() ?? thrown;
      }
    },
    close: () => service.close(),
  };
}

function bucketRule({ allowedBuckets, deniedBuckets }: S3SourceSettings): (bucket: string) => boolean {
  const [allowed, denied] = [new Set(allowedBuckets), new Set(deniedBuckets)];
  return (bucket) => !denied.has(bucket) && (allowed.size === 0 || allowed.has(bucket));
}

interface Fetching {
  readonly context: OpenContext;
  readonly deadline: Deadline;
}

async function fetchObject(
  service: S3Service,
  address: S3Address,
  { context, deadline }: Fetching,
): Promise<Original | NotModified> {
  const abortSignal = deadline.signal;
  abortSignal.throwIfAborted();
  let answered: () => RawResponse | null = () => null;
  try {
    const { client, sdk } = await service.session();
    const command = new sdk.GetObjectCommand(questionOf(address, context.known));
    answered = watchResponse(command);
    const output = await client.send(command, { abortSignal });
    return receive(output, describe(answered(), 200), { context, deadline });
  } catch (thrown) {
    if (thrown instanceof PictorError || abortSignal.aborted) throw thrown;
    const failure = s3FailureOf(thrown);
    if (failure.kind !== 'not-modified') throw toPictorError(failure, thrown);
    deadline.end();
    return { status: 'not-modified', response: describe(answered(), 304) };
  }
}

function questionOf(
  { bucket, key, version }: S3Address,
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

function receive(
  output: GetObjectCommandOutput,
  response: SourceResponse,
  { context, deadline }: Fetching,
): Original {
  const { maxBytes } = context;
  const { Body: body, ContentLength: length } = output;
  if (!(body instanceof Readable))
    throw new PictorError('SOURCE_FAILED', { detail: 'an answer without a body' });
  if ((length ?? 0) > maxBytes) {
    body.on('error', () => {}).destroy();
    throw tooLarge(maxBytes);
  }
  const contentEncoding = response.headers['content-encoding'];
  const isPlain = codingsOf(contentEncoding).length === 0;
  const { etag, 'last-modified': lastModified, 'content-type': contentType } = response.headers;
  return {
    status: 'found',
    body: { stream: readBody(body, { maxBytes, contentEncoding, expectedBytes: length, deadline }) },
    ...(isPlain && length !== undefined ? { size: length } : {}),
    ...(contentType === undefined ? {} : { contentType }),
    validators: {
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
    },
    response,
  };
}

/** What a client or a cache may know of an object: no request ids, no metadata of its owner. */
const kept = [
  'age',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
];

function describe(response: RawResponse | null, status: number): SourceResponse {
  const headers = response?.headers ?? {};
  return {
    status,
    headers: Object.fromEntries(
      kept.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
    ),
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
