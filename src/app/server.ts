import { setTimeout as sleep } from 'node:timers/promises';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { HttpHandler } from '../http/messages.ts';
import type { Readiness } from '../http/probes.ts';
import type { Verify } from '../service/verify-request.ts';
import type { Parts } from './parts.ts';
import { assembleParts } from './parts.ts';
import { alone, type Peers } from './processes/peers.ts';
import type { AppConfig } from './settings.ts';
import { closeInOrder } from './shutdown.ts';

export interface StartOptions {
  /**
   * True: nothing was mounted on purpose, so the landing page is shown at `/`, the bundled samples can be read as
   * `https://samples.example/…`, and as `local:///…` unless another folder is configured, and `./data/demo` is filled with
   * some. Default false.
   */
  readonly demonstration?: boolean;
  /** Of the embedding program: asked of every request, besides what its mount demands. Absent: nobody is asked. */
  readonly verify?: Verify | undefined;
  /** Other processes that serve the same port. Absent: there are none. */
  readonly peers?: Peers;
}

/** Where a server can be reached, as a person would write it: `127.0.0.1:8080`, `unix:/run/pictor.sock`. */
export interface Addresses {
  readonly server: string;
  /** The listener without TLS beside it; null where there is none. */
  readonly plain: string | null;
  /** Null when the listener for operators is switched off. */
  readonly admin: string | null;
  /** Of the management API; null where there is none. */
  readonly management: string | null;
}

/** A server that is complete but does not listen yet. */
export interface ImageServer {
  /** Answers one request of any `node:http` server: for those who bring their own listener. */
  readonly handle: HttpHandler;
  /** Tells the log and the metrics what happens around the server. */
  readonly emit: EmitEvent;
  /** Writes what the log still holds back; the log is closed then. For the very end. */
  flush(): Promise<void>;
  /** Opens the listeners. @throws PictorError LISTEN_FAILED (everything is closed again then), SHUTTING_DOWN */
  listen(): Promise<Addresses>;
  /** Reads anew what can change without a restart: files of signing secrets. Null: there is nothing of the kind. */
  readonly reload: (() => void) | null;
  /** Stops accepting, finishes what is in flight, then ends the engine and the stores. Further calls wait for the same end. */
  close(): Promise<void>;
}

/** Forking takes the main thread for a while: the first to ask whether the server is there is answered before. */
const workersAfterMilliseconds = 20;

/** What the start left out is loaded once the first requests have had their chance. */
const warmUpMilliseconds = 500;

/** Nothing is closed while something that needs it still works; probes and metrics are answered to the end. */
async function closeParts({
  http,
  caches,
  kept,
  lane,
  webhooks,
  engine,
  storages,
  sources,
  admin,
  purging,
  management,
  observers,
}: Parts): Promise<void> {
  const { emit } = observers;
  await closeInOrder(
    [
      { name: 'management', close: () => management?.close() },
      { name: 'server', close: () => http.close() },
      { name: 'purges', close: () => purging.close() },
      { name: 'uploads', close: () => kept?.close() },
      { name: 'idle work', close: () => lane.close() },
      {
        name: 'service',
        close: async () => void (await Promise.all(caches.map(({ service }) => service.drain()))),
      },
      { name: 'webhooks', close: () => webhooks?.close() },
      { name: 'engine', close: () => engine.close() },
      { name: 'sources', close: () => sources.close?.() },
      { name: 'storages', close: () => storages.close() },
      ...caches.flatMap(({ stores: { variants, originals, mezzanines } }) => [
        { name: 'variants', close: () => variants.close() },
        { name: 'originals', close: () => originals.close() },
        { name: 'mezzanines', close: () => mezzanines?.close() },
      ]),
      { name: 'admin', close: () => admin.close() },
    ],
    (name, error) => {
      const facts = { detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
      emit({ type: 'notice', level: 'error', message: `${name} was not closed cleanly`, facts });
    },
  );
  emit({ type: 'notice', level: 'info', message: 'stopped' });
  await observers.close();
}

/** Puts a server together: stores are opened, nothing listens yet. @throws PictorError STORE_FAILED */
export async function createServer(config: AppConfig, options: StartOptions = {}): Promise<ImageServer> {
  let state: Readiness = 'starting';
  const parts = await assembleParts({
    config,
    demonstration: options.demonstration ?? false,
    readiness: () => state,
    verify: options.verify,
    peers: options.peers ?? alone,
  });
  const { emit } = parts.observers;
  const warmUp = setTimeout(parts.warmUp, warmUpMilliseconds).unref();
  let closing: Promise<void> | null = null;

  const close = () => {
    if (closing === null) {
      state = 'stopping';
      clearTimeout(warmUp);
      emit({ type: 'notice', level: 'info', message: 'stopping' });
      const { shutdownDelaySeconds: delay } = config.server;
      closing = delay === 0 ? closeParts(parts) : sleep(delay * 1000).then(() => closeParts(parts));
    }
    return closing;
  };

  return {
    handle: parts.handler,
    emit,
    reload: parts.kept?.reload ?? null,
    flush: () => parts.observers.log.close(),
    async listen() {
      // A signal may come before the start is over: what is closed must not begin to listen.
      if (closing !== null) throw new PictorError('SHUTTING_DOWN');
      try {
        const admin = await parts.admin.listen();
        const management = (await parts.management?.listen()) ?? null;
        const { main, plain } = await parts.http.listen();
        // … nor to work.
        if (closing === null) state = 'ready';
        setTimeout(() => {
          if (state === 'ready') parts.engine.start();
        }, workersAfterMilliseconds).unref();
        return {
          server: main.text,
          plain: plain?.text ?? null,
          admin: admin?.text ?? null,
          management: management?.text ?? null,
        };
      } catch (error) {
        await close();
        throw error;
      }
    },
    close,
  };
}
