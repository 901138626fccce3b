import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type BoundAddress, bindServer } from './bind.ts';
import { trackConnections } from './connections.ts';
import { securityHeaders } from './errors.ts';
import type { Reply } from './messages.ts';
import { type ProbeReply, probes, type Readiness } from './probes.ts';
import { sendReply } from './send-reply.ts';
import type { AdminSettings } from './settings.ts';

export interface AdminParts {
  readonly settings: AdminSettings;
  /** The Prometheus page. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly readiness: () => Readiness;
  /** Facts for `/version`. */
  readonly version: () => Readonly<Record<string, string>>;
}

/** The listener for operators. */
export interface Admin {
  /** Null when it is switched off. @throws PictorError LISTEN_FAILED */
  listen(): Promise<BoundAddress | null>;
  close(): Promise<void>;
}

const headers = [...Object.entries(securityHeaders).flat(), 'Cache-Control', 'no-store'];
const text = (status: number, body: string): Reply => ({
  status,
  headers: [...headers, 'Content-Type', 'text/plain; charset=utf-8'],
  body: `${body}\n`,
});
const probed = ({ status, contentType, body }: ProbeReply): Reply => ({
  status,
  headers: [...headers, 'Content-Type', contentType],
  body,
});

/**
 * `GET /probe/live` (the process answers), `/probe/ready` (200 or 503), `/metrics`, `/version`; 404 for the rest. On a
 * port of its own, so that none of it can be reached where pictures are served.
 */
export function createAdmin({ settings, metrics, readiness, version }: AdminParts): Admin {
  const { live, ready, anyMethod } = probes[settings.probes];
  const pages: Readonly<Record<string, () => Reply | Promise<Reply>>> = {
    '/probe/live': () => probed(live(readiness())),
    '/probe/ready': () => probed(ready(readiness())),
    '/version': () => ({
      status: 200,
      headers: [...headers, 'Content-Type', 'application/json'],
      body: `${JSON.stringify(version(), null, 2)}\n`,
    }),
    '/metrics': async () => {
      const page = await metrics();
      return { status: 200, headers: [...headers, 'Content-Type', page.contentType], body: page.text };
    },
  };

  async function answer(request: IncomingMessage): Promise<Reply> {
    const path = request.url?.split('?', 1)[0] ?? '';
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead && !(anyMethod && path.startsWith('/probe/'))) {
      const reply = text(405, 'Method not allowed');
      return { ...reply, headers: [...reply.headers, 'Allow', 'GET, HEAD'] };
    }
    return Object.hasOwn(pages, path) ? pages[path]!() : text(404, 'Not found');
  }

  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 8192 });
  const connections = trackConnections(server, { idleMs: 0, writeMs: 30_000 });
  server.maxConnections = 256;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    connections.during(response, () => {
      void answer(request)
        .catch(() => text(500, 'Internal error'))
        .then((reply) => sendReply(response, reply, request.method ?? 'GET'));
    });
  });

  return {
    async listen() {
      if (settings.bind === '') return null;
      const address = await bindServer(server, settings.bind);
      // A connection that could not be accepted (no file descriptor left) is tried again by whoever probes.
      server.on('error', () => {});
      return address;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.destroyAll();
      }),
  };
}
