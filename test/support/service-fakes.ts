import { createHash } from 'node:crypto';
import type { BlobMeta, BlobStore, OpenContext, Original, Source, StoredBlob } from '../../src/core/ports.ts';
import type { Engine, TransformJob, TransformResult } from '../../src/plan/engine-port.ts';
import { plainInfo } from './plain-info.ts';

/** No bound on pictures: the subject is another one. */
export const noLimits = { maxPixels: 0, maxSide: 0, maxFrames: 0, maxFramePixels: 0, maxResultPixels: 0 };

/** What sources that say nothing are taken to say. Five minutes are fresh, and one minute more does for the moment. */
export const usualFreshness = {
  defaultSeconds: 300,
  minSeconds: 0,
  staleWhileRevalidateSeconds: 60,
  staleIfErrorSeconds: 86_400,
};

/** An unbounded store in a Map: for tests of the middle, where the store itself is not the subject. */
export function createMapStore(): BlobStore & {
  readonly blobs: Map<string, { body: Uint8Array; meta: BlobMeta }>;
  failWrites: boolean;
} {
  const blobs = new Map<string, { body: Uint8Array; meta: BlobMeta }>();
  const read = (key: string): StoredBlob | null => {
    const found = blobs.get(key);
    if (found === undefined) return null;
    return {
      meta: found.meta,
      size: found.body.length,
      tier: 'memory',
      body: found.body,
      bytes: async () => found.body,
    };
  };
  const store = {
    name: 'map',
    blobs,
    failWrites: false,
    peek: read,
    get: async (key: string) => read(key),
    async put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, meta: BlobMeta | (() => BlobMeta)) {
      const chunks: Uint8Array[] = [];
      if (body instanceof Uint8Array) chunks.push(body);
      else for await (const chunk of body) chunks.push(chunk);
      if (store.failWrites) {
        const { PictorError } = await import('../../src/core/errors.ts');
        throw new PictorError('STORE_FAILED', { detail: 'disk full' });
      }
      blobs.set(key, { body: Buffer.concat(chunks), meta: typeof meta === 'function' ? meta() : meta });
    },
    async setMeta(key: string, meta: BlobMeta) {
      const found = blobs.get(key);
      if (found !== undefined) blobs.set(key, { ...found, meta });
    },
    async delete(key: string) {
      blobs.delete(key);
    },
    close: async () => {},
  };
  return store;
}

/** A source whose answers a test scripts; counts what it was asked. */
export function createScriptedSource(
  answer: (
    uri: string,
    context: OpenContext,
    nth: number,
  ) => Promise<Original | { status: 'not-modified'; response?: Original['response'] }>,
) {
  const asked: { uri: string; context: OpenContext }[] = [];
  const source: Source & { readonly asked: typeof asked } = {
    schemes: ['https'],
    asked,
    open(uri, context) {
      asked.push({ uri, context });
      return answer(uri, context, asked.length) as ReturnType<Source['open']>;
    },
  };
  return source;
}

/** An original of these bytes, answered with these headers. */
export function found(text: string, headers: Record<string, string> = {}): Original {
  return {
    status: 'found',
    body: {
      stream: (async function* () {
        yield new TextEncoder().encode(text);
      })(),
    },
    validators: {
      ...(headers['etag'] === undefined ? {} : { etag: headers['etag'] }),
      ...(headers['last-modified'] === undefined ? {} : { lastModified: headers['last-modified'] }),
    },
    response: { status: 200, headers },
  };
}

/** An engine that "transforms" by hashing the request with the input, so that every answer can be checked byte by byte. */
export function createHashEngine(delayMs = 1) {
  const jobs: TransformJob[] = [];
  const transform: Engine['transform'] = async (job, signal) => {
    jobs.push(job);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    signal.throwIfAborted();
    return hashed(job);
  };
  const engine: Engine & { readonly jobs: TransformJob[] } = {
    jobs,
    transform,
    transformWithin: transform,
    transformInIdle: transform,
    reduce: async () => [],
    inspect: () => Promise.reject(new Error('not used')),
    stats: () => ({ workers: 1, busy: 0, started: 1, crashed: 0, timedOut: 0, recycled: 0, rssBytes: 0 }),
    close: async () => {},
  };
  return engine;
}

export function hashed(job: Pick<TransformJob, 'request' | 'inputs'>): TransformResult {
  const input = job.inputs[job.request.source]!;
  const hash = createHash('sha256').update(JSON.stringify(job.request));
  hash.update('bytes' in input ? input.bytes : input.path);
  return {
    bytes: hash.digest(),
    format: 'png',
    mediaType: 'image/png',
    width: 1,
    height: 1,
    frames: 1,
    source: plainInfo({ width: 1, height: 1, bytes: 1 }),
    timings: { decodeMs: 1, encodeMs: 1 },
  };
}
