import type { EmitEvent } from '../core/events.ts';
import type { BoundAddress } from './bind.ts';
import type { HttpHandler, HttpRequest } from './messages.ts';
import { createHttpServer, type HttpServer } from './server.ts';
import type { ServerSettings } from './settings.ts';
import { createToHttps } from './to-https.ts';

export interface ListenersParts {
  readonly settings: ServerSettings;
  readonly handler: HttpHandler;
  readonly clientOf: (request: HttpRequest) => string;
  readonly emit: EmitEvent;
}

/** Where pictures are asked for: one listener, and beside one with TLS perhaps a plain one. */
export interface Listeners extends Pick<HttpServer, 'close' | 'connections'> {
  /** `plain` is null where there is no second one. @throws PictorError LISTEN_FAILED */
  listen(): Promise<{ readonly main: BoundAddress; readonly plain: BoundAddress | null }>;
}

const usualHttpsPort = 443;

export function createListeners({ settings, handler, clientOf, emit }: ListenersParts): Listeners {
  const main = createHttpServer({ settings, handler, emit });
  const { bind, redirect, httpsPort } = settings.plain;
  let boundPort = usualHttpsPort;
  const toHttps = () => createToHttps({ httpsPort: () => httpsPort || boundPort, clientOf, emit });
  const plain =
    bind === ''
      ? null
      : createHttpServer({
          settings: { ...settings, bind, tls: { ...settings.tls, certFile: '', keyFile: '' } },
          handler: redirect ? toHttps() : handler,
          emit,
        });
  return {
    async listen() {
      const address = await main.listen();
      boundPort = address.port ?? usualHttpsPort;
      return { main: address, plain: (await plain?.listen()) ?? null };
    },
    async close(deadlineMs) {
      await Promise.all([main.close(deadlineMs), plain?.close(deadlineMs)]);
    },
    connections: () => main.connections() + (plain?.connections() ?? 0),
  };
}
