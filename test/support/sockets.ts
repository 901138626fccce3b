import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A client that says exactly the bytes it is told to, on a loopback port. */
export interface RawClient {
  readonly socket: Socket;
  say(text: string): void;
  /** Everything received so far. */
  received(): string;
  /** Waits until the text received matches. Rejects when the connection closes first. */
  until(pattern: RegExp): Promise<string>;
  /** Waits for the end of the connection; gives everything received. */
  closed(): Promise<string>;
}

/** Opens a plain or, with `tls`, an encrypted HTTP/1.1 connection. */
export async function rawClient(port: number, options: { readonly tls?: boolean } = {}): Promise<RawClient> {
  const socket =
    options.tls === true
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
      : connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  await new Promise((resolve) => socket.once(options.tls === true ? 'secureConnect' : 'connect', resolve));
  return {
    socket,
    say: (words) => void socket.write(words, 'latin1'),
    received: () => text,
    closed: () => ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => pattern.test(text) && resolve(text);
        socket.on('data', look);
        socket.once('close', () => reject(new Error(`closed before ${pattern}: ${JSON.stringify(text)}`)));
        look();
      }),
  };
}
