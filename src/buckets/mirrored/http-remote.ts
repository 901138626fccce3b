import type { Response } from 'undici';
import type { Bucket, BucketObject, ObjectFacts } from '../../core/bucket.ts';
import { type ErrorCode, PictorError } from '../../core/errors.ts';
import { throwIfLeft } from '../left.ts';

/** Of a web server that works. Milliseconds. */
const [connectTimeout, headersTimeout, bodyTimeout] = [5000, 30_000, 60_000];

/**
 * Objects that can be had by GET below a URL: a bucket that is open to the world, or a CDN in front of one. Where that may
 * not be listed, what is missing is answered 403; so that counts as missing, too.
 * @param base the key follows behind a slash
 */
export function createHttpRemote(base: string): Pick<Bucket, 'get' | 'head' | 'close'> {
  let opening: ReturnType<typeof openClient> | null = null;

  async function ask(
    method: 'GET' | 'HEAD',
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<Response | null> {
    throwIfLeft(signal);
    try {
      opening ??= openClient();
      const { fetch, dispatcher } = await opening;
      const headers = { 'accept-encoding': 'identity', 'user-agent': 'pictor' };
      const answer = await fetch(urlOf(base, key), {
        method,
        headers,
        dispatcher,
        ...(signal === undefined ? {} : { signal }),
      });
      if (answer.status === 200) return answer;
      await answer.body?.cancel();
      if ([403, 404, 410].includes(answer.status)) return null;
      throw new PictorError('STORAGE_FAILED', {
        detail: `${answer.url}: status ${answer.status}`,
        upstreamStatus: answer.status,
      });
    } catch (thrown) {
      throwIfLeft(signal);
      throw webFailure(thrown);
    }
  }

  return {
    async get(key, { signal } = {}): Promise<BucketObject | null> {
      const answer = await ask('GET', key, signal);
      return answer === null ? null : { ...factsOf(answer), body: bodyOf(answer, signal) };
    },
    async head(key, signal) {
      const answer = await ask('HEAD', key, signal);
      return answer === null ? null : factsOf(answer);
    },
    async close() {
      await (await opening)?.dispatcher.close();
    },
  };
}

/** Takes a while to load, and most have no such remote. */
async function openClient() {
  const { Agent, fetch } = await import('undici');
  return { fetch, dispatcher: new Agent({ connectTimeout, headersTimeout, bodyTimeout }) };
}

const urlOf = (base: string, key: string): string =>
  `${base.replace(/\/+$/, '')}/${key.split('/').map(encodeURIComponent).join('/')}`;

function factsOf({ headers, url }: Response): ObjectFacts {
  const length = headers.get('content-length') ?? '';
  if (!/^\d+$/.test(length)) throw new PictorError('STORAGE_FAILED', { detail: `${url}: no Content-Length` });
  const [contentType, etag] = [headers.get('content-type'), headers.get('etag')];
  const modified = Date.parse(headers.get('last-modified') ?? '');
  return {
    size: Number(length),
    modified: Number.isNaN(modified) ? 0 : modified,
    ...(contentType === null ? {} : { contentType }),
    ...(etag === null ? {} : { etag: etag.replaceAll('"', '') }),
  };
}

async function* bodyOf({ body }: Response, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  try {
    if (body !== null) yield* body as unknown as AsyncIterable<Uint8Array>;
  } catch (thrown) {
    throwIfLeft(signal);
    throw webFailure(thrown);
  }
}

const timeouts: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

/** `fetch` hides what happened in the cause. */
function webFailure(thrown: unknown): PictorError {
  if (thrown instanceof PictorError) return thrown;
  const inner = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const code = (inner as NodeJS.ErrnoException | null)?.code ?? '';
  const kind: ErrorCode = timeouts.has(code) ? 'STORAGE_TIMEOUT' : 'STORAGE_UNREACHABLE';
  const detail = inner instanceof Error ? `${code} ${inner.message}`.trim() : String(inner);
  return new PictorError(kind, { detail, cause: thrown });
}
