import { Readable } from 'node:stream';
import type { BlobClient, BlobDownloadResponseParsed } from '@azure/storage-blob';
import { azureBlobs } from '../cloud/azure-blobs.ts';
import { PictorError } from '../core/errors.ts';
import type { NotModified, Original, Source, Validators } from '../core/ports.ts';
import { classifyHeadFailure } from './http-errors.ts';
import { type ObjectHeaders, objectFound, objectRefused, objectUnchanged } from './object-answer.ts';
import type { AbsSourceSettings } from './object-settings.ts';
import { createObjectSource, type ObjectFetch } from './object-source.ts';

export interface AbsSourceParts {
  /** See `createObjectSource`. What stands after it has no meaning for Azure, and is not sent. */
  readonly versionSeparator: string;
}

/**
 * Originals from Azure Blob Storage: `abs://container/key`. Errors: see `objectRefused`.
 * @throws Error from `open` when the package `@azure/storage-blob` is missing: looked for at the start
 */
export function createAbsSource(settings: AbsSourceSettings, { versionSeparator }: AbsSourceParts): Source {
  const service = azureBlobs(settings);
  return createObjectSource({
    ...settings,
    scheme: 'abs',
    versionSeparator,
    async fetch(fetch) {
      const { bucket, key } = fetch.address;
      return download((await service()).getContainerClient(bucket).getBlobClient(key), fetch);
    },
  });
}

async function download(blob: BlobClient, fetch: ObjectFetch): Promise<Original | NotModified> {
  try {
    const answer = await blob.download(0, undefined, {
      abortSignal: fetch.deadline.signal,
      conditions: conditionsOf(fetch.context.known),
      // A body that breaks off is an error of ours, told by its length: no second request that nobody sees.
      maxRetryRequests: 0,
    });
    const { readableStreamBody: body } = answer;
    if (!(body instanceof Readable))
      throw new PictorError('SOURCE_FAILED', { detail: 'an answer without a body' });
    return objectFound(headersOf(answer), body, fetch);
  } catch (thrown) {
    if (thrown instanceof PictorError || fetch.deadline.failure() !== null) throw thrown;
    const { status, code, detail } = factsOf(thrown);
    if (status === 304) return objectUnchanged({}, fetch);
    if (status === 0) throw classifyHeadFailure(rootOf(thrown));
    throw objectRefused({ status, detail, misconfigured: misconfigured.has(code), cause: thrown });
  }
}

/** Where there is an ETag, it alone decides (RFC 9110 section 13.2.2). */
function conditionsOf({ etag, lastModified }: Validators = {}): {
  ifNoneMatch?: string;
  ifModifiedSince?: Date;
} {
  if (etag !== undefined) return { ifNoneMatch: etag };
  const since = Date.parse(lastModified ?? '');
  return Number.isNaN(since) ? {} : { ifModifiedSince: new Date(since) };
}

function headersOf(answer: BlobDownloadResponseParsed): ObjectHeaders {
  return {
    'cache-control': answer.cacheControl,
    'content-encoding': answer.contentEncoding,
    'content-length': answer.contentLength?.toString(),
    'content-type': answer.contentType,
    date: answer.date?.toUTCString(),
    etag: answer.etag,
    'last-modified': answer.lastModified?.toUTCString(),
  };
}

/** https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes */
const misconfigured: ReadonlySet<string> = new Set([
  'AuthenticationFailed',
  'AccountIsDisabled',
  'AuthorizationFailure',
  'InvalidAuthenticationInfo',
  'NoAuthenticationInformation',
]);

interface Facts {
  /** 0: there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

function factsOf(thrown: unknown): Facts {
  const of = (name: string): unknown =>
    typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
  const [status, code, message] = [of('statusCode'), of('code'), of('message')];
  const text = String(message ?? thrown).split('\n', 1)[0]!;
  return {
    status: typeof status === 'number' ? status : 0,
    code: typeof code === 'string' ? code : '',
    detail: `abs: ${typeof code === 'string' ? `${code}: ` : ''}${text}`.slice(0, 400),
  };
}

/** The SDK wraps what the socket said. */
function rootOf(thrown: unknown): unknown {
  return thrown instanceof Error && thrown.cause instanceof Error ? rootOf(thrown.cause) : thrown;
}
