import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { S3Session } from './s3-session.ts';

/** Bodies above this are sent in parts of this size: a part that fails is sent again, not the whole. Bytes. */
export const partBytes = 8 * 1024 * 1024;

export interface S3Upload {
  /** `Body`: bytes, or a stream of unknown length. */
  readonly object: PutObjectCommandInput;
  readonly signal: AbortSignal;
}

/**
 * Writes one object of any size: it is there as a whole or not at all. Parts of an upload that fails are removed.
 * @throws whatever the SDK throws
 */
export async function uploadObject({ client, sdk }: S3Session, { object, signal }: S3Upload): Promise<void> {
  const { Body: body } = object;
  if (body instanceof Uint8Array && body.byteLength <= partBytes) {
    await client.send(new sdk.PutObjectCommand(object), { abortSignal: signal });
    return;
  }
  const { Upload } = await import('@aws-sdk/lib-storage');
  const upload = new Upload({ client, params: object, partSize: partBytes, queueSize: 3 });
  const abort = () => void upload.abort();
  signal.throwIfAborted();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await upload.done();
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
