import { type Authorise, googleAuth, googleOrigin } from '../cloud/google-auth.ts';
import { PictorError } from '../core/errors.ts';
import type { NotModified, Original, Source, Validators } from '../core/ports.ts';
import { type ObjectHeaders, objectFound, objectRefused, objectUnchanged } from './object-answer.ts';
import {
  createServiceHttp,
  readRefusal,
  readText,
  type ServiceAnswer,
  type ServiceHttp,
} from './object-http.ts';
import type { GcsSourceSettings } from './object-settings.ts';
import { createObjectSource, type ObjectFetch } from './object-source.ts';
import type { ObjectAddress } from './object-uri.ts';
import { tooLarge } from './too-large.ts';

export interface GcsSourceParts {
  /** See `createObjectSource`. What stands after it is the generation; what is no number is not sent. */
  readonly versionSeparator: string;
}

/** Of https://cloud.google.com/storage/docs/json_api/v1/objects#resource; numbers come as text. */
interface Metadata {
  readonly generation: string;
  readonly size: string;
  readonly updated?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly cacheControl?: string;
}

interface Fetching {
  readonly http: ServiceHttp;
  readonly authorise: Authorise;
  readonly url: string;
  readonly fetch: ObjectFetch;
}

/**
 * Originals from Google Cloud Storage: `gs://bucket/key`, and `gs://bucket/key?generation` for one of its generations.
 * The metadata are asked first: they alone tell the owner's Cache-Control (a download says `no-store` of everything that
 * is not public), and that the generation is still the one we hold. Then exactly that generation is downloaded. Errors:
 * see `objectRefused`.
 */
export function createGcsSource(settings: GcsSourceSettings, { versionSeparator }: GcsSourceParts): Source {
  const http = createServiceHttp({ connectTimeoutSeconds: 5 });
  const base = `${googleOrigin(settings.endpoint)}/storage/v1`;
  const authorise = googleAuth(settings);
  return createObjectSource({
    ...settings,
    scheme: 'gs',
    versionSeparator,
    fetch: (fetch) => fetchObject({ http, authorise, url: urlOf(base, fetch.address), fetch }),
    close: () => http.close(),
  });
}

const urlOf = (base: string, { bucket, key }: ObjectAddress): string =>
  `${base}/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}`;

async function fetchObject(fetching: Fetching): Promise<Original | NotModified> {
  const { fetch } = fetching;
  const { address, context } = fetch;
  const asked = /^[1-9]\d{0,18}$/.test(address.version ?? '') ? { generation: address.version! } : {};
  const metadata = await readMetadata(fetching, asked);
  const headers = headersOf(metadata);
  if (holds(context.known, headers)) return objectUnchanged(headers, fetch);
  if (metadata.contentEncoding !== 'gzip' && Number(metadata.size) > context.maxBytes)
    throw tooLarge(context.maxBytes);
  const answer = await ask(fetching, { alt: 'media', generation: metadata.generation });
  const { 'content-encoding': contentEncoding, 'content-length': length } = answer.headers;
  const body = { 'content-encoding': contentEncoding, 'content-length': length };
  return objectFound({ ...headers, ...body }, answer.body, fetch);
}

async function readMetadata(fetching: Fetching, query: Record<string, string>): Promise<Metadata> {
  const fields = 'generation,size,updated,contentType,contentEncoding,cacheControl';
  const answer = await ask(fetching, { ...query, fields });
  const text = await readText(answer, 65_536, fetching.fetch.deadline);
  const metadata = parseMetadata(text);
  if (metadata === null) throw new PictorError('SOURCE_FAILED', { detail: 'gs: metadata that are none' });
  return metadata;
}

function parseMetadata(text: string): Metadata | null {
  try {
    const value = JSON.parse(text) as Partial<Metadata> | null;
    return /^\d+$/.test(value?.generation ?? '') && /^\d+$/.test(value?.size ?? '')
      ? (value as Metadata)
      : null;
  } catch {
    return null;
  }
}

/** @throws PictorError when the answer is no 200 */
async function ask(
  { http, authorise, url, fetch }: Fetching,
  query: Record<string, string>,
): Promise<ServiceAnswer> {
  const { deadline } = fetch;
  const whole = `${url}?${new URLSearchParams(query).toString()}`;
  // Stored compressed, sent compressed: Google would unpack it for us, and then neither length nor limit were known.
  const headers = { ...(await proof(authorise, whole, fetch)), 'accept-encoding': 'gzip' };
  const answer = await http.send({ url: whole, headers }, deadline);
  if (answer.status === 200) return answer;
  const detail = `gs: ${await readRefusal(answer, deadline)}`;
  throw objectRefused({ status: answer.status, detail });
}

/** The SDK takes no signal: a look-up of credentials that hangs is not waited for. */
async function proof(
  authorise: Authorise,
  url: string,
  { deadline }: ObjectFetch,
): Promise<Readonly<Record<string, string>>> {
  const stopped = new Promise<never>((_, reject) => {
    deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([authorise(url), stopped]);
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    const failure = new PictorError('SOURCE_FAILED', {
      detail: `gs: no credentials: ${text}`,
      cause: thrown,
    });
    throw deadline.failure() ?? failure;
  }
}

function headersOf(metadata: Metadata): ObjectHeaders {
  const updated = Date.parse(metadata.updated ?? '');
  return {
    'cache-control': metadata.cacheControl,
    'content-type': metadata.contentType,
    // One generation, one content: nothing else is needed to tell them apart.
    etag: `"${metadata.generation}"`,
    'last-modified': Number.isNaN(updated) ? undefined : new Date(updated).toUTCString(),
  };
}

function holds(known: Validators | undefined, headers: ObjectHeaders): boolean {
  if (known?.etag !== undefined) return known.etag === headers['etag'];
  return known?.lastModified !== undefined && known.lastModified === headers['last-modified'];
}
