import { Buffer } from 'node:buffer';
import type { BlockBlobClient } from '@azure/storage-blob';
import { type AzureConnection, azureBlobs } from '../cloud/azure-blobs.ts';
import type { BlobStore } from '../core/ports.ts';
import { createObjectStore, type ObjectClient, type ObjectStoreOptions } from './object-store.ts';
import { Refused } from './objects/link.ts';

export interface AbsStoreOptions
  extends Omit<ObjectStoreOptions, 'client' | 'name' | 'place'>,
    Omit<AzureConnection, 'maxAttempts'> {
  /** Made, closed to the public, when it is missing. */
  readonly container: string;
}

/** Keeps blobs in a container of Azure Blob Storage. The SDK is loaded with the first of them. */
export const createAbsStore = (options: AbsStoreOptions): BlobStore =>
  createObjectStore({ ...options, name: 'abs', place: options.container, client: createClient(options) });

function createClient({ container, ...connection }: AbsStoreOptions): ObjectClient {
  // One try: a cache that hesitates is slower than making the picture.
  const service = azureBlobs({ ...connection, maxAttempts: 1 });

  async function blobOf(path: string): Promise<BlockBlobClient> {
    return (await service()).getContainerClient(container).getBlockBlobClient(path);
  }

  async function upload(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const blobHTTPHeaders = { blobContentType: 'application/http' };
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    await (await blobOf(path)).uploadData(body, { abortSignal: signal, blobHTTPHeaders });
  }

  return {
    async read(path, { maxBytes, signal }) {
      try {
        const answer = await (await blobOf(path)).download(0, undefined, {
          abortSignal: signal,
          maxRetryRequests: 0,
        });
        const { readableStreamBody: body, contentLength = 0 } = answer;
        if (body === undefined) throw new Error('an answer without a body');
        if (contentLength > maxBytes) {
          body.on('error', () => {});
          if ('destroy' in body && typeof body.destroy === 'function') body.destroy();
          return null;
        }
        return await bytesOf(body);
      } catch (thrown) {
        if (statusOf(thrown) === 404) return null;
        throw asRefusal(thrown);
      }
    },
    async write(path, bytes, signal) {
      try {
        await upload(path, bytes, signal);
      } catch (thrown) {
        if (codeOf(thrown) !== 'ContainerNotFound') throw asRefusal(thrown);
        await (await service()).getContainerClient(container).createIfNotExists({ abortSignal: signal });
        await upload(path, bytes, signal);
      }
    },
    async remove(path, signal) {
      try {
        await (await blobOf(path)).deleteIfExists({ abortSignal: signal });
      } catch (thrown) {
        if (statusOf(thrown) !== 404) throw asRefusal(thrown);
      }
    },
    close: async () => {},
  };
}

async function bytesOf(body: NodeJS.ReadableStream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk as unknown as Uint8Array);
  return Buffer.concat(chunks);
}

const fieldOf = (thrown: unknown, name: string): unknown =>
  typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;

const statusOf = (thrown: unknown): unknown => fieldOf(thrown, 'statusCode');
const codeOf = (thrown: unknown): unknown => fieldOf(thrown, 'code');

/** What asking again would not change: 4xx, but for wrong credentials, time-outs and too many requests. */
function asRefusal(thrown: unknown): unknown {
  const status = statusOf(thrown);
  const isFinal =
    typeof status === 'number' && status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);
  return isFinal ? new Refused(thrown instanceof Error ? thrown.message : String(thrown)) : thrown;
}
