import type { IncomingHttpHeaders } from 'node:http';

/** A request as the edge sees it: what HTTP/1 and HTTP/2 of node have in common. */
export interface HttpRequest {
  readonly method?: string | undefined;
  /** The raw request target, byte for byte. */
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly httpVersionMajor: number;
  readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean | undefined };
  /** Reads the body. With `destroyOnReturn: false` the connection outlives a reader that stops early. */
  iterator?(options: { readonly destroyOnReturn: boolean }): AsyncIterable<Uint8Array>;
  /** Lets go of what is left of the body. */
  resume?(): unknown;
  once?(event: 'end' | 'close', listener: () => void): unknown;
  /** True once the whole message was received and parsed (HTTP/1), or read to its end (HTTP/2). */
  readonly complete?: boolean;
  /** HTTP/2: true where the head is all there is. */
  readonly stream?: { readonly endAfterHeaders?: boolean };
}

/** A response as the edge sees it. Replies go out through `sendReply`. */
export interface HttpResponse {
  readonly headersSent: boolean;
  /** True once `end` was called. */
  readonly writableEnded: boolean;
  /** Bytes that wait for the client to take them. */
  readonly writableLength: number;
  writeHead(status: number, headers: string[]): unknown;
  end(body?: Uint8Array | string): unknown;
  once(event: 'close', listener: () => void): unknown;
  /** True once the connection is closed (HTTP/1) … */
  readonly destroyed?: boolean;
  /** … or the stream is (HTTP/2). */
  readonly stream?: {
    readonly destroyed: boolean;
    close?(code: number): unknown;
    /** `remoteClose` 1: the client has sent all it will. */
    readonly state?: { readonly remoteClose?: number | undefined };
  };
  /** HTTP/1: false closes the connection after the answer, and says so in its head. */
  shouldKeepAlive?: boolean;
  flushHeaders?(): unknown;
  /** False: wait for `drain` before writing more. */
  write(chunk: Uint8Array): boolean;
  on(event: 'drain', listener: () => void): unknown;
  /** Breaks off: what was promised will not come. */
  destroy(): unknown;
  /** Tells a client that asked (`Expect: 100-continue`) to send its body. */
  writeContinue?(): unknown;
}

/** A header that may come several times, as one text. */
export const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

/** Answers one request. A rejection is a bug: it is told as a notice and the client gets a bare 500. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void | Promise<void>;

/** An answer, complete. Content-Length is added when it is sent. */
export interface Reply {
  readonly status: number;
  /** Name, value, name, value …: node writes a flat list fastest. */
  readonly headers: readonly string[];
  /** Null: none, and no Content-Length either (304, 204). */
  readonly body: Uint8Array | string | null;
  /** True: asked so often that the log does not tell of it. */
  readonly quiet?: boolean;
}
