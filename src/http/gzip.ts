import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsEncoding } from '../lib/accept-encoding.ts';
import type { Reply } from './messages.ts';

const compress = promisify(gzip);

/**
 * Compresses the body of a 200 reply for a client that asks for gzip; level 0 never does. The tag becomes a weak one:
 * these are other bytes, and the same picture (RFC 9110 section 8.8.1). Apply it after a range was cut, never before.
 */
export async function withGzip(
  reply: Reply,
  level: number,
  acceptEncoding: string | undefined,
): Promise<Reply> {
  const { status, body } = reply;
  if (level === 0 || status !== 200 || body === null || !acceptsEncoding(acceptEncoding, 'gzip'))
    return reply;
  const headers = reply.headers.map((text, index) =>
    index % 2 === 1 && reply.headers[index - 1] === 'ETag' && text.startsWith('"') ? `W/${text}` : text,
  );
  return { status, headers: [...headers, 'Content-Encoding', 'gzip'], body: await compress(body, { level }) };
}
