/** Requests of the S3 store that take more than one line. */
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { S3Session } from '../../cloud/s3-session.ts';
import type { BlobMeta } from '../../core/ports.ts';
import { withOtherMeta } from './object.ts';

/** Where an object is. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly path: string;
}

interface Copying extends ObjectPlace {
  readonly meta: BlobMeta;
  readonly signal: AbortSignal;
}

/**
 * Lets S3 copy an object onto itself with another meta; `rewrite`: this one has to be written anew for that.
 * @throws whatever the SDK throws
 */
export async function copyWithMeta(
  { client, sdk }: S3Session,
  { bucket, path, meta, signal }: Copying,
): Promise<'done' | 'rewrite'> {
  const object = { Bucket: bucket, Key: path };
  const head = await client.send(new sdk.HeadObjectCommand(object), { abortSignal: signal });
  const metadata = withOtherMeta(head.Metadata ?? {}, meta);
  if (metadata === null) return 'rewrite';
  const copy = new sdk.CopyObjectCommand({
    ...object,
    CopySource: `${bucket}/${path.split('/').map(encodeURIComponent).join('/')}`,
    MetadataDirective: 'REPLACE',
    Metadata: metadata,
    // Replaced by somebody else meanwhile: then our meta is not the meta of that one.
    ...(head.ETag === undefined ? {} : { CopySourceIfMatch: head.ETag }),
    ...(head.ContentType === undefined ? {} : { ContentType: head.ContentType }),
    ...(head.CacheControl === undefined ? {} : { CacheControl: head.CacheControl }),
  });
  await client.send(copy, { abortSignal: signal });
  return 'done';
}

/** An object with its whole body; `bytes` is null when that is longer than allowed. @throws whatever the SDK throws */
export async function fetchWhole(
  { client, sdk }: S3Session,
  {
    bucket,
    path,
    maxBytes,
    signal,
  }: ObjectPlace & { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<{ readonly output: GetObjectCommandOutput; readonly bytes: Buffer | null }> {
  const question = new sdk.GetObjectCommand({ Bucket: bucket, Key: path });
  const output = await client.send(question, { abortSignal: signal });
  const { Body: body, ContentLength: length = 0 } = output;
  if (body === undefined) throw new Error('an answer without a body');
  if (length > maxBytes) {
    (body as Readable).on('error', () => {}).destroy();
    return { output, bytes: null };
  }
  const bytes = Buffer.from(await body.transformToByteArray());
  if (bytes.byteLength < length) throw new Error(`${bytes.byteLength} of ${length} bytes`);
  return { output, bytes };
}
