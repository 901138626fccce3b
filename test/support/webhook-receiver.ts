import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.ts';

/** One request that a receiver got. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** A receiver of webhooks on loopback. */
export interface WebhookReceiver {
  /** `http://127.0.0.1:{port}/hook` */
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Answers the following requests one by one with these statuses, then with 200; a status may bring a Location. 0: never answers. */
  script(...statuses: readonly (number | { readonly status: number; readonly location: string })[]): void;
  /** Waits until so many requests have come. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

/** @param port 0: a free one */
export async function startReceiver(port = 0): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const script: (number | { readonly status: number; readonly location: string })[] = [];
  const answer = (response: ServerResponse) => {
    const next = script.shift() ?? 200;
    if (next === 0) return;
    if (typeof next === 'number') response.writeHead(next).end('{}');
    else response.writeHead(next.status, { Location: next.location }).end();
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
        at: Date.now(),
      });
      answer(response);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}/hook`,
    port: bound,
    received,
    script: (...statuses) => void script.push(...statuses),
    until: (count) => eventually(`${count} requests to the receiver`, () => received.length >= count),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
