import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Server, Socket } from 'node:net';
import { getBuiltinModule } from 'node:process';
import type { Server as TlsServer } from 'node:tls';
import type { EmitEvent } from '../core/events.ts';
import { type BoundAddress, bindServer } from './bind.ts';
import { type Certificate, createCertificate } from './certificate.ts';
import { answerClientError, refuseMalformed } from './client-error.ts';
import { isGone } from './client-signal.ts';
import { type Connections, trackConnections } from './connections.ts';
import { hostProblem } from './host-header.ts';
import type { HttpHandler } from './messages.ts';
import type { ServerSettings } from './settings.ts';

export interface HttpServerParts {
  readonly settings: ServerSettings;
  readonly handler: HttpHandler;
  readonly emit: EmitEvent;
}

/** The listener for pictures. */
export interface HttpServer {
  /** @throws PictorError LISTEN_FAILED */
  listen(): Promise<BoundAddress>;
  /**
   * Stops accepting, lets requests in flight finish, closes idle connections at once, and cuts what is left after the
   * deadline. Resolves when every connection is gone. Calling it again waits for the same end.
   * @param deadlineMs default: `shutdownTimeoutSeconds`
   */
  close(deadlineMs?: number): Promise<void>;
  /** Reads the certificate files again, as is done by itself when they change. @throws PictorError LISTEN_FAILED; the old one stays */
  reloadCertificate(): Promise<void>;
  /** Open connections, for metrics. */
  connections(): number;
}

const ms = (seconds: number): number => Math.round(seconds * 1000);

/** A body on a method that has none is not read to its end for politeness, beyond this many bytes. */
const discardableBytes = 64 * 1024;

/**
 * HTTP/1 on a plain port; with a certificate HTTP/2 (unless switched off) and HTTP/1 over TLS on one port. node's servers are used directly:
 * the request target reaches the handler byte for byte, and no framework is on the path of a cache hit. node's strict
 * parser stays on; upgrades are ignored, CONNECT is refused.
 */
export function createHttpServer({ settings, handler, emit }: HttpServerParts): HttpServer {
  const { certFile, keyFile } = settings.tls;
  const secure = certFile === '' ? null : createSecure(settings);
  const server: Server = secure ?? createPlain(settings);
  const certificate: Certificate | null =
    secure === null ? null : createCertificate({ certFile, keyFile, server: secure, emit });
  if (settings.maxConnections > 0) server.maxConnections = settings.maxConnections;

  const limits = { idleMs: ms(settings.idleTimeoutSeconds), writeMs: ms(settings.writeTimeoutSeconds) };
  const connections = trackConnections(server, limits);
  const serve = createServe({ handler, connections, emit });
  server.on('request', serve);
  server.on('checkContinue', serve);
  server.on('clientError', (error: Error, socket: Socket) =>
    answerClientError({ error, socket, answering: connections.isAnswering(socket), emit }),
  );
  report(server, emit, { event: 'drop', message: 'connections dropped: maxConnections is reached' });

  let closing: Promise<void> | null = null;
  return {
    async listen() {
      await certificate?.load();
      const address = await bindServer(server, settings.bind, { shared: settings.processes > 1 });
      report(server, emit, { event: 'error', message: 'connections could not be accepted' });
      certificate?.watch();
      return address;
    },
    close(deadlineMs = ms(settings.shutdownTimeoutSeconds)) {
      certificate?.unwatch();
      closing ??= closeServer({ server, connections, deadlineMs });
      return closing;
    },
    reloadCertificate: async () => certificate?.load(),
    connections: connections.open,
  };
}

function httpOptions(settings: ServerSettings) {
  const requestTimeout = ms(settings.requestTimeoutSeconds);
  const headersTimeout = ms(settings.headersTimeoutSeconds);
  return {
    maxHeaderSize: settings.maxHeaderBytes,
    headersTimeout: requestTimeout > 0 ? Math.min(headersTimeout, requestTimeout) : headersTimeout,
    requestTimeout,
    keepAliveTimeout: ms(settings.idleTimeoutSeconds),
    // node's default of 30 s would make a limit of 10 s one of up to 40 s.
    connectionsCheckingInterval: Math.min(2000, Math.max(20, (headersTimeout || 60_000) / 4)),
    insecureHTTPParser: false,
    optimizeEmptyRequests: true,
    noDelay: true,
  };
}

/** One protocol for clients that do not get along with the other. */
function createSecureHttp1(settings: ServerSettings): TlsServer {
  const { createServer } = getBuiltinModule('node:https');
  return createServer({
    ...httpOptions(settings),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: handshakeMs(settings),
  });
}

const handshakeMs = (settings: ServerSettings): number => ms(settings.headersTimeoutSeconds) || 60_000;

const createPlain = (settings: ServerSettings): Server => createPlainServer(httpOptions(settings));

function createSecure(settings: ServerSettings): TlsServer {
  if (!settings.tls.http2) return createSecureHttp1(settings);
  // Loaded for those who use it: a tenth of the start.
  const { createSecureServer } = getBuiltinModule('node:http2');
  return createSecureServer({
    ...httpOptions(settings),
    allowHTTP1: true,
    handshakeTimeout: handshakeMs(settings),
    settings: { maxConcurrentStreams: 128, maxHeaderListSize: settings.maxHeaderBytes },
    // In MB, and node counts answers that wait for the client: its default of 10 refuses pictures of an ordinary gallery.
    maxSessionMemory: 512,
    maxSessionInvalidFrames: 100,
  });
}

type NodeRequest = IncomingMessage | Http2ServerRequest;
type NodeResponse = ServerResponse | Http2ServerResponse;

interface ServeParts {
  readonly handler: HttpHandler;
  readonly connections: Connections;
  readonly emit: EmitEvent;
}

/**
 * Wraps the handler: keeps count, and answers for it should it ever throw. The requests that one turn of the event loop
 * has read are answered together at its end: parsing and answering by turns costs half as much again (each evicts the
 * other's code from the processor's caches, and a client that is woken for one answer falls asleep before the next).
 */
function createServe({ handler, connections, emit }: ServeParts) {
  let waiting: NodeResponse[] = [];

  const failed = (thrown: unknown, response: NodeResponse) => {
    const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    emit({ type: 'notice', level: 'error', message: 'request handler failed', facts: { detail } });
    if (response.headersSent) return response.destroy();
    response.statusCode = 500;
    response.end();
  };

  function answer(response: NodeResponse): void {
    const request: NodeRequest = response.req;
    const problem = hostProblem(request);
    if (problem !== null) {
      refuseMalformed({ request, response, detail: problem, emit });
      return;
    }
    if ('shouldKeepAlive' in response && hasUnwantedBody(request)) response.shouldKeepAlive = false;
    try {
      const outcome = handler(request, response);
      if (outcome !== undefined) outcome.catch((thrown: unknown) => failed(thrown, response));
    } catch (thrown) {
      failed(thrown, response);
    }
  }

  function answerAll(): void {
    const all = waiting;
    waiting = [];
    for (const response of all) {
      // A client that is gone already will not be heard of again.
      if (!isGone(response)) connections.during(response, answer);
    }
  }

  return (_request: NodeRequest, response: NodeResponse): void => {
    if (waiting.length === 0) setImmediate(answerAll);
    waiting.push(response);
  };
}

/** GET, HEAD and OPTIONS with a large or endless body: answered, and the connection closed instead of read on. */
function hasUnwantedBody({ method, headers }: NodeRequest): boolean {
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return false;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > discardableBytes;
}

interface Troubles {
  readonly event: 'drop' | 'error';
  readonly message: string;
}

/**
 * Connections that could not be taken: beyond `maxConnections`, or the system is out of file descriptors (an error nobody
 * listens to would end the process). A flood of them must not become a flood of log lines: at most one in ten seconds.
 */
function report(server: Server, emit: EmitEvent, { event, message }: Troubles): void {
  let count = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  server.on(event, (trouble?: { readonly code?: string }) => {
    count += 1;
    const now = Date.now();
    if (now - toldAt < 10_000) return;
    const facts = trouble?.code === undefined ? { count } : { count, code: trouble.code };
    emit({ type: 'notice', level: 'warn', message, facts });
    count = 0;
    toldAt = now;
  });
}

interface Closing {
  readonly server: Server;
  readonly connections: Connections;
  readonly deadlineMs: number;
}

function closeServer({ server, connections, deadlineMs }: Closing): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(connections.destroyAll, deadlineMs);
    // The error says that the server never listened: then there is nothing to wait for.
    server.close(() => {
      clearTimeout(deadline);
      // node counts a connection as gone a turn of the event loop before its `close` listeners run.
      setImmediate(() => setImmediate(resolve));
    });
    // Requests read in this turn come first, and are then known to be in flight.
    setImmediate(connections.drain);
  });
}
