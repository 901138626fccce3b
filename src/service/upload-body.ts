import { asPictorError, PictorError } from '../core/errors.ts';
import { formOverhead, isForm, openFormFile } from './multipart-upload.ts';
import type { StagedUpload, Staging } from './staging.ts';

/** The body of a request that brings something. */
export interface UploadBody {
  /** As the request declares it; null where it does not (chunked, or HTTP/2 without a length). */
  readonly length: number | null;
  /** Content-Type of the request, with its parameters. */
  readonly contentType: string;
  /** Lets the client begin (`100 Continue`), and gives what arrives. Asked for once. */
  open(): AsyncIterable<Uint8Array>;
}

/** An upload that has arrived. */
export interface ReceivedUpload {
  readonly staged: StagedUpload;
  /** What it is said to be. */
  readonly declaredType: string;
}

interface Receiving {
  readonly staging: Staging;
  readonly maxBytes: number;
  /** False: a form is taken as it is, envelope and all. */
  readonly formsToo: boolean;
  /** False: a body without a byte is refused. */
  readonly emptyToo: boolean;
}

/**
 * Takes the body of a request in.
 * @throws PictorError UPLOAD_TOO_LARGE, UPLOAD_EMPTY, UPLOAD_CUT_OFF, UPLOAD_REFUSED, STORAGE_FAILED
 */
export async function receiveBody(
  body: UploadBody,
  { staging, maxBytes, formsToo, emptyToo }: Receiving,
): Promise<ReceivedUpload> {
  const form = formsToo && isForm(body.contentType);
  const most = form ? maxBytes + formOverhead : maxBytes;
  if (body.length !== null && body.length > most)
    throw new PictorError('UPLOAD_TOO_LARGE', { detail: `${body.length} bytes declared` });
  if (body.length === 0 && !emptyToo) throw new PictorError('UPLOAD_EMPTY');
  const arriving = bounded(arrivingOf(body), most);
  const file = form ? await openFormFile(arriving, body.contentType) : null;
  const staged = await staging.receive(file?.body ?? arriving, maxBytes);
  if (staged.bytes > 0 || emptyToo) return { staged, declaredType: file?.mediaType ?? body.contentType };
  await staged.drop();
  throw new PictorError('UPLOAD_EMPTY');
}

/** What breaks while a body arrives is the client's connection. */
async function* arrivingOf(body: UploadBody): AsyncGenerator<Uint8Array> {
  try {
    yield* body.open();
  } catch (thrown) {
    if (thrown instanceof PictorError) throw thrown;
    throw new PictorError('UPLOAD_CUT_OFF', { detail: asPictorError(thrown).detail ?? '', cause: thrown });
  }
}

async function* bounded(body: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > most) throw new PictorError('UPLOAD_TOO_LARGE', { detail: `more than ${most} bytes` });
    yield chunk;
  }
}
