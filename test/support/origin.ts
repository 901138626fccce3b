/**
 * A scriptable origin server on loopback, for every test that needs "the internet": good answers, slow ones, lying ones,
 * broken ones. Replies are data, so that a test reads as a table; each request is recorded and counted.
 *
 *     const origin = await startOrigin();
 *     origin.route('/a.jpg', { body: jpeg, etag: '"1"' });
 *     origin.route('/slow.jpg', { body: jpeg, drip: { bytes: 1, everyMs: 50 } });
 *     …fetch(origin.url + '/a.jpg')…
 *     assert.equal(origin.count('/a.jpg'), 1);
 *     await origin.close();
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

export interface OriginReply {
  /** 200 when absent; 302 when `redirect` is given. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | string;
  /** Sets Content-Encoding and compresses the body. `deflate-raw` is sent as `deflate`, without the zlib wrapper. */
  readonly encoding?: 'gzip' | 'deflate' | 'deflate-raw' | 'br';
  /** Sends no Content-Length. */
  readonly chunked?: boolean;
  /** Content-Length header, true or not. */
  readonly declaredLength?: number;
  /** Sets ETag, and answers 304 to a matching If-None-Match. */
  readonly etag?: string;
  /** Sets Last-Modified, and answers 304 to an equal If-Modified-Since. */
  readonly lastModified?: string;
  /** Location; status 302 unless given. */
  readonly redirect?: string;
  /** Pause before the head is sent. */
  readonly delayMs?: number;
  /** Pause between head and body. */
  readonly bodyDelayMs?: number;
  /** Sends the (encoded) body in pieces of `bytes`, pausing before each. */
  readonly drip?: { readonly bytes: number; readonly everyMs: number };
  /** Ends the connection (FIN, no error) after this many bytes of the (encoded) body. */
  readonly truncateAt?: number;
  /** Repeats the body for ever, without Content-Length. */
  readonly endless?: boolean;
  /** Never goes on: without any byte, after the head, or after `truncateAt` bytes of the body. */
  readonly hang?: 'head' | 'body' | 'mid-body';
  /** Resets the connection instead of answering. */
  readonly reset?: boolean;
  /** Written to the socket as it is, then the connection ends (unless `hang` is given): what no server library writes. */
  readonly raw?: string;
}

export interface OriginRequest {
  readonly method: string;
  /** Request target exactly as it stood in the request line. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Names the connection: equal for requests that shared one. */
  readonly clientPort: number;
}

export type OriginRoute =
  | OriginReply
  | ((request: OriginRequest, earlier: number) => OriginReply | Promise<OriginReply>);

export interface Origin {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly requests: readonly OriginRequest[];
  /** Sets what is answered under a target: with its query if it has one here, else whatever the query. */
  route(target: string, route: OriginRoute): void;
  /** Requests so far, of one target (matched as in `route`) or all. */
  count(target?: string): number;
  /** Connections that are open now. */
  connections(): number;
  /** Waits until exactly this many connections are open. @throws when that does not happen in ten seconds */
  untilConnections(wanted: number): Promise<void>;
  /** Resets every connection. */
  resetConnections(): void;
  close(): Promise<void>;
}

export interface OriginOptions {
  /** Loopback address to listen on; 127.0.0.1 when absent. */
  readonly host?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Starts an origin on a free port. Everything without a route is answered 404. */
export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  const routes = new Map<string, OriginRoute>();
  const requests: OriginRequest[] = [];
  const sockets = new Set<Socket>();
  const stop = new AbortController();
  const count = (target?: string) =>
    requests.filter((request) => target === undefined || answersTo(request.target, target)).length;

  const listener = async (message: IncomingMessage, response: ServerResponse) => {
    const request = describe(message);
    const key = routes.has(request.target) ? request.target : withoutQuery(request.target);
    const earlier = count(key);
    requests.push(request);
    const route = routes.get(key) ?? { status: 404, body: 'no such route' };
    try {
      await answer(typeof route === 'function' ? await route(request, earlier) : route, {
        message,
        response,
        stop: stop.signal,
      });
    } catch {
      response.destroy(); // The client left, or the origin is closing: both are what tests do on purpose.
    }
  };
  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  server.on(
    'request',
    (message: IncomingMessage, response: ServerResponse) => void listener(message, response),
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  const host = options.host ?? '127.0.0.1';
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests,
    count,
    route: (target, route) => void routes.set(target, route),
    connections: () => sockets.size,
    async untilConnections(wanted) {
      for (let waited = 0; sockets.size !== wanted; waited += 10) {
        if (waited > 10_000) throw new Error(`${sockets.size} connections are open instead of ${wanted}`);
        await sleep(10);
      }
    },
    resetConnections() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      stop.abort();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const withoutQuery = (target: string) => target.split('?', 1)[0]!;
const answersTo = (target: string, route: string) => target === route || withoutQuery(target) === route;

const describe = (message: IncomingMessage): OriginRequest => ({
  method: message.method ?? '',
  target: message.url ?? '',
  headers: message.headers,
  clientPort: message.socket.remotePort ?? 0,
});

interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly stop: AbortSignal;
}

async function answer(reply: OriginReply, { message, response, stop }: Exchange): Promise<void> {
  const pause = (ms: number | undefined) =>
    ms === undefined ? undefined : sleep(ms, undefined, { signal: stop, ref: false });
  const socket = message.socket;
  await pause(reply.delayMs);
  if (reply.hang === 'head') return;
  if (reply.reset) return void socket.resetAndDestroy();
  if (reply.raw !== undefined) {
    socket.write(reply.raw, 'latin1');
    return reply.hang === undefined ? void socket.end() : undefined;
  }

  if (clientHolds(reply, message.headers)) {
    // The same headers as a 200 would have had, Cache-Control above all (RFC 9110 section 15.4.5).
    response
      .writeHead(304, { ...validators(reply), ...(reply.headers as Record<string, string> | undefined) })
      .end();
    return;
  }
  const body = encode(Buffer.from(reply.body ?? ''), reply.encoding);
  response.writeHead(reply.status ?? (reply.redirect === undefined ? 200 : 302), head(reply, body.length));
  response.flushHeaders();
  if (message.method === 'HEAD') return void response.end();
  await pause(reply.bodyDelayMs);
  if (reply.hang === 'body') return;
  await sendBody(reply, body, { message, response, stop });
}

async function sendBody(reply: OriginReply, body: Buffer, { response, stop }: Exchange): Promise<void> {
  const send = async (bytes: Uint8Array) => {
    if (response.destroyed) throw new Error('the client has left');
    if (!response.write(bytes)) await drained(response);
  };
  while (reply.endless) await send(body);
  const wanted = body.subarray(0, reply.truncateAt ?? body.length);
  const piece = reply.drip?.bytes ?? Math.max(wanted.length, 1);
  for (let at = 0; at < wanted.length; at += piece) {
    if (reply.drip !== undefined) await sleep(reply.drip.everyMs, undefined, { signal: stop, ref: false });
    await send(wanted.subarray(at, at + piece));
  }
  if (reply.hang === 'mid-body') return;
  // Ending the socket below the response leaves the declared length, or the chunked framing, unfinished.
  if (reply.truncateAt === undefined) response.end();
  else response.socket?.end();
}

/** Resolves when more may be written, or when nobody is there to read it. */
const drained = (response: ServerResponse) =>
  new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });

const head = (reply: OriginReply, length: number): Record<string, string | string[]> => ({
  ...(reply.chunked || reply.endless ? {} : { 'content-length': String(reply.declaredLength ?? length) }),
  ...(reply.encoding === undefined ? {} : { 'content-encoding': reply.encoding.replace('-raw', '') }),
  ...(reply.redirect === undefined ? {} : { location: reply.redirect }),
  ...validators(reply),
  ...(reply.headers as Record<string, string | string[]> | undefined),
});

const validators = (reply: OriginReply): Record<string, string> => ({
  ...(reply.etag === undefined ? {} : { etag: reply.etag }),
  ...(reply.lastModified === undefined ? {} : { 'last-modified': reply.lastModified }),
});

function clientHolds(reply: OriginReply, headers: IncomingHttpHeaders): boolean {
  if (headers['if-none-match'] !== undefined) return headers['if-none-match'] === reply.etag;
  return headers['if-modified-since'] !== undefined && headers['if-modified-since'] === reply.lastModified;
}

function encode(body: Buffer, encoding: OriginReply['encoding']): Buffer {
  switch (encoding) {
    case undefined:
      return body;
    case 'gzip':
      return gzipSync(body);
    case 'deflate':
      return deflateSync(body);
    case 'deflate-raw':
      return deflateRawSync(body);
    case 'br':
      return brotliCompressSync(body);
  }
}
