import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse, ServerHttp2Session } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A client that takes less than this of its answer, in bytes per second on the whole, is cut off. */
const slowestRate = 1024;

/** CANCEL of RFC 9113 section 7. */
const cancelCode = 0x8;

/** Request and response as node hands them to a server that speaks HTTP/1 and HTTP/2. */
type NodeResponse = ServerResponse | Http2ServerResponse;

/** One client: an HTTP/1 socket or an HTTP/2 session. */
interface Connection {
  readonly http2: boolean;
  inFlight: number;
  /** Epoch ms at which a sweep first saw it without a request; 0: busy, or not looked at since. */
  idleSince: number;
  /** Lets requests in flight finish and closes then. */
  end(): void;
  /** Closes now. */
  destroy(): void;
}

/** One request that is being answered. */
interface Exchange {
  readonly response: NodeResponse;
  readonly connection: Connection;
  /** Epoch ms at which a sweep first saw bytes the client had not taken; 0: none waiting. */
  unsentSince: number;
  /** Epoch ms by which the client must have taken them all. */
  deadline: number;
}

export interface ConnectionLimits {
  /** Close an HTTP/2 session without requests after this. HTTP/1 does so by itself. 0: never. */
  readonly idleMs: number;
  /** Cut a client off that takes nothing for this long. 0: never. */
  readonly writeMs: number;
}

export interface Connections {
  /**
   * Answers one request: counts it in, runs `answer`, and counts it out: at once where the kernel took the whole answer,
   * as it does with a hit, else when the response closes; until then the client is watched.
   */
  during(response: NodeResponse, answer: (response: NodeResponse) => void): void;
  /** Whether an answer has begun on this HTTP/1 socket: then nothing else may be written to it. */
  isAnswering(socket: Duplex): boolean;
  /** Open connections, also those that have not spoken yet. */
  open(): number;
  /** Lets every connection end as soon as its requests are answered. */
  drain(): void;
  /** Cuts every connection now. */
  destroyAll(): void;
}

/**
 * Knows every connection of a server and what is in flight on it. node alone does not close an idle HTTP/1 connection of
 * a TLS server that also speaks HTTP/2, nor one that never sent a request, and `closeAllConnections` cuts requests
 * short. It also watches clients that do not read their answers: node has no limit for that which would not hit slow
 * handlers as well.
 */
export function trackConnections(server: Server, limits: ConnectionLimits): Connections {
  const sockets = new Set<Socket>();
  const handshakes = new Map<string, Socket>();
  const connections = new Map<Socket | ServerHttp2Session, Connection>();
  const exchanges = new Set<Exchange>();
  let draining = false;

  const addSocket = (socket: Socket) => {
    const connection = {
      http2: false,
      inFlight: 0,
      idleSince: 0,
      end: () => socket.destroySoon(),
      destroy: () => socket.destroy(),
    };
    connections.set(socket, connection);
    socket.once('close', () => connections.delete(socket));
    if (draining) connection.destroy();
  };

  const addSession = (session: ServerHttp2Session) => {
    const connection = {
      http2: true,
      inFlight: 0,
      idleSince: 0,
      end: () => session.close(),
      destroy: () => session.destroy(),
    };
    connections.set(session, connection);
    session.once('close', () => connections.delete(session));
    if (draining) connection.end();
  };

  const encrypted = server.listenerCount('secureConnection') > 0;

  server.on('connection', (socket: Socket) => {
    // Asked for once: node keeps it, and a socket that has closed does not know it any more when the log wants it.
    void socket.remoteAddress;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (!encrypted) return addSocket(socket);
    const name = socketName(socket);
    handshakes.set(name, socket);
    socket.once('close', () => handshakes.delete(name));
  });
  server.on('secureConnection', (socket: Socket & { alpnProtocol?: string | false }) => {
    handshakes.delete(socketName(socket));
    if (socket.alpnProtocol !== 'h2') addSocket(socket);
  });
  server.on('session', addSession);

  function ended(connection: Connection): void {
    connection.inFlight -= 1;
    if (draining && connection.inFlight === 0) connection.end();
  }

  function during(response: NodeResponse, answer: (response: NodeResponse) => void): void {
    const connection = connections.get(carrierOf(response));
    if (connection === undefined) {
      answer(response);
      return;
    }
    connection.inFlight += 1;
    connection.idleSince = 0;
    if (draining) announceClose(response);
    answer(response);
    if (isTaken(response)) {
      ended(connection);
      return;
    }
    const exchange = { response, connection, unsentSince: 0, deadline: 0 };
    exchanges.add(exchange);
    response.once('close', () => {
      exchanges.delete(exchange);
      ended(connection);
    });
  }

  function sweepExchange(exchange: Exchange, now: number): void {
    const unsent = waitingForClient(exchange.response);
    if (unsent === 0) {
      if (exchange.unsentSince > 0) setWriteTimeout(exchange.response, 0);
      exchange.unsentSince = 0;
    } else if (exchange.unsentSince === 0) {
      exchange.unsentSince = now;
      exchange.deadline = now + limits.writeMs + (unsent / slowestRate) * 1000;
      setWriteTimeout(exchange.response, limits.writeMs);
    } else if (now > exchange.deadline) {
      cutOff(exchange.response);
    }
  }

  function sweepSession(connection: Connection, now: number): void {
    if (connection.inFlight > 0) return;
    if (connection.idleSince === 0) connection.idleSince = now;
    else if (now - connection.idleSince > limits.idleMs + limits.writeMs) connection.destroy();
    else if (now - connection.idleSince > limits.idleMs) connection.end();
  }

  const sweep = () => {
    const now = Date.now();
    if (limits.writeMs > 0) for (const exchange of exchanges) sweepExchange(exchange, now);
    if (limits.idleMs === 0) return;
    for (const connection of connections.values()) if (connection.http2) sweepSession(connection, now);
  };
  const timer = setInterval(sweep, sweepInterval(limits)).unref();
  server.once('close', () => clearInterval(timer));

  function isAnswering(socket: Duplex): boolean {
    if ((connections.get(socket as Socket)?.inFlight ?? 0) === 0) return false;
    for (const { response } of exchanges) if (response.socket === socket && response.headersSent) return true;
    return false;
  }

  return {
    during,
    isAnswering,
    open: () => sockets.size,
    drain() {
      draining = true;
      for (const { response } of exchanges) announceClose(response);
      for (const socket of handshakes.values()) socket.destroy();
      for (const connection of connections.values()) {
        if (connection.http2 || connection.inFlight === 0) connection.end();
      }
    },
    destroyAll() {
      for (const connection of connections.values()) connection.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Fine enough to notice in time, coarse enough to cost nothing. */
function sweepInterval({ idleMs, writeMs }: ConnectionLimits): number {
  const shortest = Math.min(idleMs || Number.POSITIVE_INFINITY, writeMs || Number.POSITIVE_INFINITY);
  return Math.min(5000, Math.max(10, shortest / 4));
}

/** A TLS socket and the socket below it have this in common while they live. */
const socketName = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

const isHttp2 = (response: NodeResponse): response is Http2ServerResponse => 'stream' in response;

function carrierOf(response: NodeResponse): Socket | ServerHttp2Session {
  return isHttp2(response) ? (response.stream.session as ServerHttp2Session) : response.req.socket;
}

/** Whether all of an HTTP/1 answer is with the kernel already: nothing of it can be held up by the client any more. */
const isTaken = (response: NodeResponse): boolean =>
  !isHttp2(response) && response.writableEnded && response.socket?.writableLength === 0;

/** HTTP/1: `Connection: close` on the answer, when it has not begun. HTTP/2 says it by GOAWAY. */
function announceClose(response: NodeResponse): void {
  if (!isHttp2(response) && !response.headersSent) response.shouldKeepAlive = false;
}

/** Bytes of an answer under way that the client has not taken. A pipelined answer that has to wait its turn has no socket. */
function waitingForClient(response: NodeResponse): number {
  if (!response.headersSent || (!isHttp2(response) && response.socket === null)) return 0;
  return response.writableLength;
}

/** node's timeouts of sockets and streams count a write that makes progress as activity. 0 switches them off. */
function setWriteTimeout(response: NodeResponse, milliseconds: number): void {
  if (isHttp2(response))
    response.stream.setTimeout(milliseconds, milliseconds === 0 ? undefined : () => cutOff(response));
  else response.socket?.setTimeout(milliseconds);
}

function cutOff(response: NodeResponse): void {
  if (isHttp2(response)) response.stream.close(cancelCode);
  else response.socket?.destroy();
}
