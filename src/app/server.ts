import type { EmitEvent } from '../core/events.ts';
import type { HttpHandler } from '../http/messages.ts';
import type { Parts } from './parts.ts';
import { assembleParts } from './parts.ts';
import type { AppConfig } from './settings.ts';
import { closeInOrder } from './shutdown.ts';

export interface StartOptions {
  /**
   * True: nothing was mounted on purpose, so the landing page is shown at `/` and the bundled samples can be read as
   * `local:///…` unless another folder is configured. Default false.
   */
  readonly demonstration?: boolean;
}

/** Where a server can be reached, as a person would write it: `127.0.0.1:8080`, `unix:/run/pictor.sock`. */
export interface Addresses {
  readonly server: string;
  /** Null when the listener for operators is switched off. */
  readonly admin: string | null;
}

/** A server that is complete but does not listen yet. */
export interface ImageServer {
  /** Answers one request of any `node:http` server: for those who bring their own listener. */
  readonly handle: HttpHandler;
  /** For what happens around the server: its log and metrics hear of it. */
  readonly emit: EmitEvent;
  /** Opens both listeners. @throws PictorError LISTEN_FAILED; everything is closed again then */
  listen(): Promise<Addresses>;
  /** Stops accepting, finishes what is in flight, then ends the engine and the stores. Further calls wait for the same end. */
  close(): Promise<void>;
}

/** Last things first: nothing is closed while something that needs it still works. */
async function closeParts(parts: Parts): Promise<void> {
  const { http, service, engine, closables, admin, log } = parts;
  await closeInOrder(
    [
      { name: 'server', close: () => http.close() },
      { name: 'service', close: () => service.drain() },
      { name: 'engine', close: () => engine.close() },
      ...closables,
      { name: 'admin', close: () => admin.close() },
    ],
    (name, error) =>
      parts.emit({
        type: 'notice',
        level: 'error',
        message: `${name} could not be closed cleanly`,
        facts: { detail: String(error) },
      }),
  );
  parts.emit({ type: 'notice', level: 'info', message: 'stopped' });
  await log.close();
}

/** Puts a server together: stores are opened and workers started, but nothing listens yet. @throws PictorError */
export async function createServer(config: AppConfig, options: StartOptions = {}): Promise<ImageServer> {
  let ready = false;
  const parts = await assembleParts({
    config,
    demonstration: options.demonstration ?? false,
    ready: () => ready,
  });
  let closing: Promise<void> | null = null;

  const close = () => {
    if (closing === null) {
      ready = false;
      parts.emit({ type: 'notice', level: 'info', message: 'stopping' });
      closing = closeParts(parts);
    }
    return closing;
  };

  return {
    handle: parts.handler,
    emit: parts.emit,
    async listen() {
      try {
        const admin = await parts.admin.listen();
        const server = await parts.http.listen();
        ready = true;
        return { server: server.text, admin: admin?.text ?? null };
      } catch (error) {
        await close();
        throw error;
      }
    },
    close,
  };
}
