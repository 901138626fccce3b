import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { PictorError } from '../core/errors.ts';
import type { Deadline } from './deadline.ts';
import { classifyBodyFailure } from './http-errors.ts';
import { tooLarge } from './too-large.ts';

export interface BodyRules {
  /** Limit on the bytes that arrive, and on those after decoding. */
  readonly maxBytes: number;
  /** Value of Content-Encoding. */
  readonly contentEncoding: string | undefined;
  /** Bytes that have to arrive, when something but Content-Length says so. */
  readonly expectedBytes: number | undefined;
  readonly deadline: Deadline;
  /** True: the time that whoever reads it takes is not counted. */
  readonly paced?: boolean;
}

/** More than two encodings on top of each other is no image server, it is a bomb. */
const maxCodings = 2;

/**
 * The encodings to undo, outermost first; none for a body that is as it is. Names we do not know are ignored, as
 * browsers do: they are mostly mislabelled (`none`, `utf-8`, `aws-chunked`), and the bytes decide what the body is.
 */
export function codingsOf(contentEncoding: string | undefined): string[] {
  const names = (contentEncoding ?? '').toLowerCase().split(',');
  return names
    .map((name) => name.trim().replace(/^x-gzip$/, 'gzip'))
    .filter((name) => ['gzip', 'deflate', 'br'].includes(name))
    .toReversed();
}

/**
 * A response body as decoded bytes, whole or not at all: it throws where it is cut short, broken, too long or too slow.
 * Whoever stops reading early closes the connection.
 */
export async function* readBody(body: Readable, rules: BodyRules): AsyncGenerator<Uint8Array, void> {
  const { deadline, maxBytes } = rules;
  body.on('error', () => {}); // Also when nobody has begun to read it.
  const arriving = countArriving(body, rules);
  let failure: unknown = null;
  let total = 0;
  if (rules.paced === true) deadline.resume();
  try {
    for await (const chunk of decode(
      arriving,
      codingsOf(rules.contentEncoding),
      (error) => (failure ??= error),
    )) {
      total += chunk.length;
      if (total > maxBytes) throw tooLarge(maxBytes);
      if (rules.paced === true) deadline.pause();
      yield chunk;
      if (rules.paced === true) deadline.resume();
    }
  } catch (thrown) {
    throw deadline.failure() ?? classifyBodyFailure(failure ?? thrown);
  } finally {
    deadline.end();
    body.destroy();
  }
}

/** @throws PictorError SOURCE_TRUNCATED, SOURCE_TOO_LARGE; whatever the socket throws */
async function* countArriving(
  body: Readable,
  { maxBytes, expectedBytes }: BodyRules,
): AsyncGenerator<Uint8Array, void> {
  let arrived = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    arrived += chunk.length;
    // Also while encoded: an encoder can send for ever without producing a byte.
    if (arrived > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
  if (expectedBytes !== undefined && arrived !== expectedBytes) {
    throw new PictorError('SOURCE_TRUNCATED', { detail: `${arrived} of ${expectedBytes} bytes` });
  }
}

function decode(
  bytes: AsyncIterable<Uint8Array>,
  codings: readonly string[],
  onError: (error: unknown) => void,
): AsyncIterable<Uint8Array> {
  if (codings.length > maxCodings)
    throw new PictorError('SOURCE_FAILED', { detail: `encoded ${codings.length} times` });
  return codings.reduce((encoded, coding) => decodeOne(encoded, coding, onError), bytes);
}

async function* decodeOne(
  encoded: AsyncIterable<Uint8Array>,
  coding: string,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void> {
  const iterator = encoded[Symbol.asyncIterator]();
  const first = await iterator.next();
  // No bytes at all are nothing in any encoding; a decoder would miss its end marker.
  if (first.done) return;
  const whole = (async function* () {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  })();
  // The first error is the cause; what the reader of the last stream sees may only be that it was closed.
  yield* pipeline(whole, decoderFor(coding, first.value[0] ?? 0), (error) => {
    if (error) onError(error);
  });
}

function decoderFor(coding: string, firstByte: number): Transform {
  if (coding === 'gzip') return createGunzip();
  if (coding === 'br') return createBrotliDecompress();
  // `deflate` is zlib-wrapped (RFC 9110 section 8.4.1.2), but some servers send it raw: the first byte tells.
  return (firstByte & 0x0f) === 8 ? createInflate() : createInflateRaw();
}
