import { PictorError } from '../core/errors.ts';
import type { UploadBody } from '../service/upload-body.ts';
import type { Arrival } from './exchange.ts';
import type { HttpRequest, HttpResponse, Reply } from './messages.ts';
import { sendReply } from './send-reply.ts';

/** What a client goes on sending after its answer is taken for this long, so that it gets to read it. */
const lingerMilliseconds = 5000;

/** A rest of the body up to this length is read to its end, and the connection goes on being used. */
const shortRest = 64 * 1024;

/** Requests whose bodies were asked for. */
const opened = new WeakSet<HttpRequest>();

/**
 * The body of a request.
 * @param seconds an HTTP/2 client has to send it; 0: no limit. Of HTTP/1 node's own limit cuts the connection
 */
export function bodyOf({ request, response }: Arrival, seconds: number): UploadBody {
  return {
    length: lengthOf(request),
    contentType: request.headers['content-type'] ?? '',
    open() {
      opened.add(request);
      if (expectsContinue(request)) response.writeContinue?.();
      const chunks = request.iterator?.({ destroyOnReturn: false }) ?? nothing();
      return request.httpVersionMajor >= 2 && seconds > 0 ? inTime(chunks, response, seconds) : chunks;
    },
  };
}

const expectsContinue = ({ headers }: HttpRequest): boolean =>
  headers.expect?.toLowerCase() === '100-continue';

/** Null: it is not told. Without a length and without chunks, HTTP/1 has no body. */
function lengthOf({ headers, httpVersionMajor, complete, stream }: HttpRequest): number | null {
  const declared = headers['content-length'];
  if (declared !== undefined) return Number(declared);
  if (headers['transfer-encoding'] !== undefined) return null;
  return httpVersionMajor >= 2 && complete !== true && stream?.endAfterHeaders !== true ? null : 0;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* inTime(
  chunks: AsyncIterable<Uint8Array>,
  response: HttpResponse,
  seconds: number,
): AsyncGenerator<Uint8Array> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    response.destroy();
  }, seconds * 1000);
  try {
    yield* chunks;
  } catch (thrown) {
    throw late ? new PictorError('UPLOAD_CUT_OFF', { detail: `not complete after ${seconds} s` }) : thrown;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Answers a request whose body may not have been read. A connection that is closed with bytes on the way is reset, and with
 * it goes the answer (RFC 9112 section 9.6): so the answer is sent, and what still comes is thrown away for a while before
 * the connection is closed.
 * @returns body bytes handed to the socket
 */
export function answerBefore(arrival: Arrival, reply: Reply): number {
  const { request, response, method } = arrival;
  if (!hasLongRest(request)) return sendReply(response, reply, method);
  if ('shouldKeepAlive' in response) response.shouldKeepAlive = false;
  if (expectsContinue(request) && !opened.has(request)) return sendReply(response, reply, method);
  const end = sendOpenEnded(response, reply);
  let ended = false;
  const finish = () => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    end.finish();
  };
  const timer = setTimeout(finish, lingerMilliseconds);
  request.once?.('end', finish);
  request.once?.('close', finish);
  request.resume?.();
  return end.bytes;
}

function hasLongRest(request: HttpRequest): boolean {
  if (request.complete !== false) return false;
  const length = lengthOf(request);
  return length === null || length > shortRest;
}

/** The whole answer, of which only the end is not told yet. */
function sendOpenEnded(response: HttpResponse, reply: Reply): { bytes: number; finish: () => void } {
  if (response.headersSent || response.writableEnded) return { bytes: 0, finish: () => {} };
  const { status, headers, body } = reply;
  const bytes = body === null ? new Uint8Array() : typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, [...headers, 'Content-Length', String(bytes.byteLength)]);
  if (bytes.byteLength > 0) response.write(bytes);
  else response.flushHeaders?.();
  const finish = () => {
    response.end();
    const { stream } = response;
    // HTTP/2: tells the client that the rest is not needed (RFC 9113 section 8.1). Where all of it has come the stream ends
    // by itself, and closing it then has node 24 go round for ever.
    if (stream !== undefined && stream.state?.remoteClose !== 1) stream.close?.(0);
  };
  return { bytes: bytes.byteLength, finish };
}
