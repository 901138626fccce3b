import { Buffer } from 'node:buffer';
import { type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { type GoogleIdentity, googleAuth, googleOrigin } from '../cloud/google-auth.ts';
import type { BlobStore } from '../core/ports.ts';
import { createObjectStore, type ObjectClient, type ObjectStoreOptions } from './object-store.ts';
import { Refused } from './objects/link.ts';

export interface GcsStoreOptions
  extends Omit<ObjectStoreOptions, 'client' | 'name' | 'place'>,
    GoogleIdentity {
  readonly bucket: string;
  /** Empty: Google itself. */
  readonly endpoint: string;
}

/**
 * Keeps blobs in a bucket of Google Cloud Storage, by the calls of its JSON API
 * (https://cloud.google.com/storage/docs/json_api/v1/objects) that reading, writing and deleting take.
 */
export const createGcsStore = (options: GcsStoreOptions): BlobStore =>
  createObjectStore({ ...options, name: 'gcs', place: options.bucket, client: createClient(options) });

type Query = Readonly<Record<string, string>>;

function createClient({ bucket, endpoint, ...identity }: GcsStoreOptions): ObjectClient {
  const dispatcher = new EnvHttpProxyAgent({ allowH2: false, connections: 50, connect: { timeout: 5000 } });
  const origin = googleOrigin(endpoint);
  const inBucket = `storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const authorise = googleAuth(identity);

  async function send(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    { query = {}, body, signal }: { query?: Query; body?: Uint8Array; signal: AbortSignal },
  ): Promise<Dispatcher.ResponseData> {
    const url = `${origin}/${path}?${new URLSearchParams(query).toString()}`;
    const type = body === undefined ? {} : { 'content-type': 'application/http' };
    const headers = { ...(await authorise(url)), ...type };
    return dispatcher.request({
      ...whereIs(url),
      method,
      headers,
      signal,
      ...(body === undefined ? {} : { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) }),
    });
  }

  const object = (path: string): string => `${inBucket}/${encodeURIComponent(path)}`;

  return {
    async read(path, { maxBytes, signal }) {
      const answer = await send('GET', object(path), { query: { alt: 'media' }, signal });
      if (answer.statusCode === 404) return drop(answer);
      await checkAnswer(answer);
      if (Number(answer.headers['content-length'] ?? 0) > maxBytes) return drop(answer);
      return new Uint8Array(await answer.body.arrayBuffer());
    },
    async write(path, bytes, signal) {
      const query = { uploadType: 'media', name: path };
      const answer = await send('POST', `upload/${inBucket}`, { query, body: bytes, signal });
      await checkAnswer(answer);
      await drop(answer);
    },
    async remove(path, signal) {
      const answer = await send('DELETE', object(path), { signal });
      if (answer.statusCode !== 404) await checkAnswer(answer);
      await drop(answer);
    },
    close: () => dispatcher.destroy(),
  };
}

function whereIs(url: string): { readonly origin: string; readonly path: string } {
  const { origin, pathname, search } = new URL(url);
  return { origin, path: pathname + search };
}

/** @throws Refused for what asking again would not change, Error for a service that fails */
async function checkAnswer(answer: Dispatcher.ResponseData): Promise<void> {
  const { statusCode: status, body } = answer;
  if (status >= 200 && status < 300) return;
  const text = (await body.text()).slice(0, 200).replace(/\s+/g, ' ');
  const message = `status ${status} ${text}`;
  // Not found is said of a bucket here; wrong credentials and too many requests may pass.
  throw status >= 400 && status < 500 && ![401, 408, 429].includes(status)
    ? new Refused(message)
    : new Error(message);
}

async function drop({ body }: Dispatcher.ResponseData): Promise<null> {
  await body.dump({ limit: 65_536 }).catch(() => {});
  return null;
}
