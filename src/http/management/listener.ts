import { createServer, type Server } from 'node:http';
import { type BoundAddress, bindServer } from '../bind.ts';
import { trackConnections } from '../connections.ts';
import { createManagementApi, type ManagementParts } from './api.ts';

export interface ManagementListenerParts extends Omit<ManagementParts, 'stopping' | 'serverFactory'> {
  readonly bind: string;
}

/** The listener of the management API. */
export interface Management {
  /** @throws PictorError LISTEN_FAILED */
  listen(): Promise<BoundAddress>;
  /** Ends what goes on for long at its next step, and waits for what is being answered. */
  close(): Promise<void>;
}

/** What is being done has this long to come to an end. */
const longestEndMs = 10_000;

/** Plain HTTP on an address of its own. */
export async function openManagement(parts: ManagementListenerParts): Promise<Management> {
  const stopping = new AbortController();
  let server: Server | undefined;
  let answering = 0;
  let ended = () => {};
  const api = await createManagementApi({
    ...parts,
    stopping: stopping.signal,
    serverFactory(handler) {
      server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, maxHeaderSize: 16_384 });
      server.maxConnections = 256;
      const connections = trackConnections(server, { idleMs: 0, writeMs: 30_000 });
      server.on('request', (request, response) => {
        answering += 1;
        response.once('close', () => {
          answering -= 1;
          if (answering === 0) ended();
        });
        connections.during(response, () => handler(request, response));
      });
      return server;
    },
  });
  const listening = server!;
  return {
    async listen() {
      const address = await bindServer(listening, parts.bind);
      listening.on('error', () => {});
      return address;
    },
    async close() {
      stopping.abort();
      const closed = new Promise<void>((resolve) => {
        listening.close(() => resolve());
      });
      listening.closeIdleConnections();
      if (answering > 0) await Promise.race([new Promise<void>((resolve) => (ended = resolve)), late()]);
      listening.closeAllConnections();
      await closed;
      await api.close();
    },
  };
}

const late = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, longestEndMs).unref();
  });
