import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { PictorError } from '../core/errors.ts';

/** The one file of a form. */
export interface FormFile {
  /** As the form gives it. */
  readonly mediaType: string;
  /** Throws at its end when the form was no whole form, or had another file. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What a form may have besides its file: nobody reads it. */
const limits = { files: 2, fields: 32, fieldSize: 64 * 1024, parts: 40, headerPairs: 64 };

/** Bytes that a form may have around its file. */
export const formOverhead = 256 * 1024;

/** Is this the type of a form with files (RFC 7578)? */
export const isForm = (contentType: string): boolean => /^multipart\/form-data\b/i.test(contentType);

/**
 * Reads a form until its file begins.
 * @param contentType of the request, with the boundary
 * @throws PictorError UPLOAD_REFUSED when there is no file; what the body throws
 */
export async function openFormFile(body: AsyncIterable<Uint8Array>, contentType: string): Promise<FormFile> {
  const form = openForm(contentType);
  const begun = Promise.withResolvers<{ file: BusboyFileStream; mediaType: string }>();
  let files = 0;
  form.on('file', (_field: string, file: BusboyFileStream, _name: string, _coding: string, type: string) => {
    files += 1;
    // Told to whoever reads it; an error that nobody listens to would end the process.
    file.on('error', () => {});
    if (files === 1) begun.resolve({ file, mediaType: type });
    else file.resume();
  });
  form.on('error', () => {});
  const whole = pump(body, form);
  whole.then(
    () => begun.reject(refused('no file in the form')),
    (thrown: unknown) => begun.reject(thrown),
  );
  const { file, mediaType } = await begun.promise;
  whole.catch((thrown: unknown) => file.destroy(thrown as Error));

  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* file;
      await whole;
      if (files > 1) throw refused('more than one file in the form');
    } catch (thrown) {
      if (thrown instanceof PictorError) throw thrown;
      // The file only knows that it is cut off. Whether the body or the form is to blame, the other one knows.
      form.destroy();
      await whole;
      throw refused('the form is broken', thrown);
    } finally {
      form.destroy();
    }
  }
  return { mediaType, body: bytes() };
}

function openForm(contentType: string): BusboyInstance {
  try {
    return new Busboy({ headers: { 'content-type': contentType }, limits });
  } catch (cause) {
    throw refused('the form has no boundary', cause);
  }
}

/** Gives the body to the form, no faster than its file is read. */
async function pump(body: AsyncIterable<Uint8Array>, form: BusboyInstance): Promise<void> {
  const end = finished(form).catch((cause: unknown) => {
    throw refused('the form is broken', cause);
  });
  // Told below, unless the body fails first.
  end.catch(() => {});
  for await (const chunk of body) {
    if (form.destroyed) break;
    if (!form.write(chunk)) await Promise.race([once(form, 'drain'), end]);
  }
  form.end();
  await end;
}

const refused = (reason: string, cause?: unknown): PictorError =>
  new PictorError('UPLOAD_REFUSED', { reason, ...(cause === undefined ? {} : { cause }) });
