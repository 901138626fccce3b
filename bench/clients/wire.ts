import { connect, type Socket } from 'node:net';

/** What is sent; the path as it is. */
export interface Outgoing {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Media type and bytes. */
  readonly body?: { readonly type: string; readonly bytes: Buffer };
}

export interface Incoming {
  /** 0: the connection failed. */
  readonly status: number;
  readonly retryAfter: boolean;
}

export interface Wire {
  send(outgoing: Outgoing): Promise<Incoming>;
  close(): void;
}

type Done = (incoming: Incoming) => void;

interface Wish {
  readonly bytes: readonly (string | Buffer)[];
  readonly done: Done;
}

const failed: Incoming = { status: 0, retryAfter: false };

/**
 * HTTP/1.1 to a port of loopback over connections kept open, with one request at a time on each. Node's own client takes
 * 0.7 ms of a processor per request, which a server that has to share two of them would be blamed for.
 */
export function createWire(port: number, most: number): Wire {
  const sockets = new Set<Socket>();
  const idle: ((wish: Wish) => void)[] = [];
  const waiting: Wish[] = [];

  function open(first: Wish): void {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    sockets.add(socket);
    let current: Wish | undefined;
    const reader = createReader((incoming) => {
      const { done } = current!;
      current = undefined;
      const next = waiting.shift();
      if (next === undefined) idle.push(take);
      else take(next);
      done(incoming);
    });
    function take(wish: Wish): void {
      current = wish;
      for (const part of wish.bytes) socket.write(part);
    }
    socket.on('data', reader);
    socket.on('error', () => {});
    socket.once('close', () => {
      sockets.delete(socket);
      const place = idle.indexOf(take);
      if (place >= 0) idle.splice(place, 1);
      current?.done(failed);
      const next = waiting.shift();
      if (next !== undefined) open(next);
    });
    take(first);
  }

  return {
    send: (outgoing) =>
      new Promise((done) => {
        const wish = { bytes: bytesOf(outgoing, port), done };
        const take = idle.pop();
        if (take !== undefined) take(wish);
        else if (sockets.size < most) open(wish);
        else waiting.push(wish);
      }),
    close() {
      waiting.length = 0;
      for (const socket of sockets) socket.destroy();
    },
  };
}

function bytesOf({ method, path, body }: Outgoing, port: number): (string | Buffer)[] {
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;
  return body === undefined
    ? [`${head}\r\n`]
    : [`${head}Content-Type: ${body.type}\r\nContent-Length: ${body.bytes.length}\r\n\r\n`, body.bytes];
}

const endOfHead = '\r\n\r\n';
const lastChunk = '0\r\n\r\n';

/** Takes what comes in, and tells when an answer is whole: by its length, or by the last of its chunks. */
export function createReader(done: Done): (chunk: Buffer) => void {
  let head: Buffer = Buffer.alloc(0);
  let answer: { readonly incoming: Incoming; readonly length: number | null } | undefined;
  let [read, tail] = [0, ''];

  function body(chunk: Buffer): void {
    read += chunk.length;
    tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - lastChunk.length))).slice(
      -lastChunk.length,
    );
    const { incoming, length } = answer!;
    if (length === null ? tail !== lastChunk : read < length) return;
    [answer, read, tail] = [undefined, 0, ''];
    done(incoming);
  }

  return (chunk) => {
    if (answer !== undefined) {
      body(chunk);
      return;
    }
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const end = head.indexOf(endOfHead);
    if (end < 0) return;
    const rest = head.subarray(end + endOfHead.length);
    answer = answerOf(head.toString('latin1', 0, end + 2));
    head = Buffer.alloc(0);
    body(rest);
  };
}

function answerOf(head: string): { readonly incoming: Incoming; readonly length: number | null } {
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1];
  const incoming = {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0),
    retryAfter: /\r\nretry-after:/i.test(head),
  };
  if (length !== undefined) return { incoming, length: Number(length) };
  return { incoming, length: /\r\ntransfer-encoding: *chunked\r\n/i.test(head) ? null : 0 };
}
