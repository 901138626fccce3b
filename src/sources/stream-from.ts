import { createReadStream } from 'node:fs';
import { PictorError } from '../core/errors.ts';
import type { Original, Source, SourceStream, StreamContext } from '../core/ports.ts';
import { formats } from '../formats/index.gen.ts';

/**
 * The answer of any source, to be passed on: its own where it streams, else made of what `open` gives.
 * @throws PictorError SOURCE_*
 */
export async function streamFrom(source: Source, uri: string, context: StreamContext): Promise<SourceStream> {
  if (source.stream !== undefined) return source.stream(uri, context);
  const { headers: _, ...opening } = context;
  const answer = await source.open(uri, opening);
  if (answer.status === 'not-modified')
    throw new PictorError('SOURCE_FAILED', { detail: 'not modified since nothing' });
  return {
    status: 200,
    headers: headersOf(uri, answer),
    conditional: false,
    ...('path' in answer.body && answer.size !== undefined ? { fileSize: answer.size } : {}),
    body: (part) => bodyOf(answer, part, context.signal),
  };
}

function bodyOf(
  { body, size }: Original,
  part: { readonly first: number; readonly last: number } | undefined,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  if ('stream' in body) return body.stream;
  // A file that grew since its size was told must not send more than was promised.
  const end = part?.last ?? (size === undefined ? Number.POSITIVE_INFINITY : size - 1);
  return end < 0 ? nothing() : createReadStream(body.path, { start: part?.first ?? 0, end, signal });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function headersOf(
  uri: string,
  { size, contentType, validators, response }: Original,
): Record<string, string> {
  const { etag, lastModified } = validators;
  return {
    ...response?.headers,
    'content-type': contentType ?? mediaTypeOf(uri),
    ...(size === undefined ? {} : { 'content-length': String(size) }),
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { 'last-modified': lastModified }),
  };
}

/** By the extension: only names of pictures say anything here. */
function mediaTypeOf(uri: string): string {
  const extension = /\.([a-z0-9]+)$/i.exec(uri)?.[1]?.toLowerCase() ?? '';
  const format = Object.values(formats).find(({ extensions }) =>
    (extensions as readonly string[]).includes(extension),
  );
  return format?.mediaTypes[0] ?? 'application/octet-stream';
}
