/**
 * A stand-in for Google Cloud Storage on loopback: the calls of its JSON API that reading takes (metadata, and media by
 * `alt=media`), simple uploads (`uploadType=media`), deletion, generations, gzip-encoded objects and the exchange of a token, as the public documentation describes them.
 * It is no emulator by Google: there is none that could be installed.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface StoredObject {
  readonly generation: string;
  readonly updated: string;
  readonly bytes: Uint8Array;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly cacheControl?: string;
}

export interface FakeGcs {
  /** For `sources.gcs.endpoint`. */
  readonly url: string;
  /** For `sources.gcs.credentials`: an identity whose proof is fetched from here, and renewed. */
  credentials(subjectFile: string): string;
  /** Only who shows the token of `credentials` is answered from now on. */
  requireToken(): void;
  createBucket(name: string): void;
  /** Stores a new generation and names it. */
  put(
    bucket: string,
    key: string,
    object: Pick<StoredObject, 'bytes' | 'contentType' | 'contentEncoding' | 'cacheControl'>,
  ): string;
  delete(bucket: string, key: string): void;
  /** Request targets so far. */
  readonly requests: readonly string[];
  /** Answers this instead, once; a function writes the answer itself. */
  next(answer: number | ((response: ServerResponse) => void)): void;
  close(): Promise<void>;
}

const token = 'token-of-the-fake';

export async function startFakeGcs(): Promise<FakeGcs> {
  const buckets = new Map<string, Map<string, StoredObject[]>>();
  const requests: string[] = [];
  let guarded = false;
  let special: number | ((response: ServerResponse) => void) | null = null;
  let generation = 1_700_000_000_000_000n;

  const refuse = (response: ServerResponse, code: number, message: string) =>
    response
      .writeHead(code, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { code, message } }));

  function find(path: string, query: URLSearchParams): StoredObject | undefined {
    const match = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/.exec(path);
    if (match === null) return undefined;
    const versions = buckets.get(decodeURIComponent(match[1]!))?.get(decodeURIComponent(match[2]!));
    const wanted = query.get('generation');
    return wanted === null ? versions?.at(-1) : versions?.find((each) => each.generation === wanted);
  }

  async function upload(request: IncomingMessage, response: ServerResponse, url: URL): Promise<unknown> {
    const match = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(url.pathname);
    const keys = buckets.get(decodeURIComponent(match?.[1] ?? ''));
    const name = url.searchParams.get('name');
    if (keys === undefined || name === null || url.searchParams.get('uploadType') !== 'media')
      return refuse(response, 404, 'No such bucket');
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    generation += 1n;
    const contentType = request.headers['content-type'];
    const stored: StoredObject = {
      bytes: Buffer.concat(chunks),
      generation: String(generation),
      updated: new Date().toISOString(),
      ...(contentType === undefined ? {} : { contentType }),
    };
    keys.set(name, [...(keys.get(name) ?? []), stored]);
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ name }));
  }

  function remove(response: ServerResponse, url: URL): unknown {
    const match = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/.exec(url.pathname);
    const keys = buckets.get(decodeURIComponent(match?.[1] ?? ''));
    const gone = keys?.delete(decodeURIComponent(match?.[2] ?? '')) === true;
    return gone ? response.writeHead(204).end() : refuse(response, 404, 'No such object');
  }

  function answer(request: IncomingMessage, response: ServerResponse): unknown {
    const url = new URL(request.url ?? '/', 'http://fake');
    if (url.pathname === '/token') {
      const answer = {
        access_token: token,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 3600,
      };
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    }
    requests.push(request.url ?? '');
    const now = special;
    special = null;
    if (typeof now === 'function') return now(response);
    if (now !== null) return refuse(response, now, 'as told');
    if (guarded && request.headers.authorization !== `Bearer ${token}`)
      return refuse(response, 401, 'Anonymous caller does not have storage.objects.get access');
    if (request.method === 'POST') return void upload(request, response, url);
    if (request.method === 'DELETE') return remove(response, url);
    const object = find(url.pathname, url.searchParams);
    if (object === undefined) return refuse(response, 404, 'No such object');
    if (url.searchParams.get('alt') !== 'media') {
      const { bytes, ...rest } = object;
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ ...rest, size: String(bytes.byteLength) }));
    }
    response.writeHead(200, {
      'content-type': object.contentType ?? 'application/octet-stream',
      'content-length': object.bytes.byteLength,
      // What the service says of downloads that are not public, whatever the owner says of the object.
      'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
      ...(object.contentEncoding === undefined ? {} : { 'content-encoding': object.contentEncoding }),
    });
    return response.end(object.bytes);
  }

  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    credentials: (file) =>
      JSON.stringify({
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${url}/token`,
        credential_source: { file },
      }),
    requireToken() {
      guarded = true;
    },
    createBucket: (name) => void buckets.set(name, new Map()),
    put(bucket, key, object) {
      generation += 1n;
      const stored = { ...object, generation: String(generation), updated: new Date().toISOString() };
      const keys = buckets.get(bucket);
      if (keys === undefined) throw new Error(`no bucket ${bucket}`);
      keys.set(key, [...(keys.get(key) ?? []), stored]);
      return stored.generation;
    },
    delete: (bucket, key) => void buckets.get(bucket)?.delete(key),
    next(what) {
      special = what;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
