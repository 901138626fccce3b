import {
  Agent,
  type buildConnector,
  type Dispatcher,
  Pool,
  ProxyAgent,
  buildConnector as undiciConnector,
} from 'undici';
import { createGuardedConnector, type ResolveAll } from './guarded-connector.ts';
import type { HostGuard } from './host-guard.ts';
import type { HttpTarget } from './http-url.ts';
import { createProxyChoice } from './proxy-choice.ts';
import type { HttpSourceSettings } from './settings.ts';
import { withVisibleResets } from './visible-resets.ts';

/** How a request for a target is put on the wire. */
export interface HttpRoute {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpRoutes {
  routeTo(target: HttpTarget): HttpRoute;
  close(): Promise<void>;
}

export interface HttpRoutesParts {
  readonly settings: HttpSourceSettings;
  readonly guard: HostGuard;
  readonly resolve?: ResolveAll;
  readonly build?: typeof undiciConnector;
}

/**
 * Connection pools: direct ones behind the guard, and one per proxy. A proxy was named by the operator and is always
 * connected to; it resolves names itself, so behind a proxy only hosts written as addresses can be checked here.
 */
export function createHttpRoutes({ settings, guard, resolve, build }: HttpRoutesParts): HttpRoutes {
  const timeoutMs = settings.connectTimeoutSeconds * 1000;
  const pooling = poolOptions(settings);
  const choose = createProxyChoice(settings);
  const direct = new Agent({
    ...pooling,
    connect: withVisibleResets(
      createGuardedConnector({
        guard,
        timeoutMs,
        insecureTls: settings.insecureTls,
        ...(resolve === undefined ? {} : { resolve }),
        ...(build === undefined ? {} : { build }),
      }),
    ),
  });
  const proxied = {
    'http:': lazily((proxy: URL) => createForwarding(proxy, pooling, timeoutMs)),
    'https:': lazily((proxy: URL) => createTunnels(proxy, pooling, settings)),
  };

  return {
    routeTo(target) {
      const proxy = choose(target);
      return proxy === null
        ? { dispatcher: direct, origin: target.origin, path: target.path, headers: {} }
        : proxied[target.protocol].of(proxy)(target);
    },
    async close() {
      const dispatchers = [direct, proxied['http:'].made(), proxied['https:'].made()];
      await Promise.all(dispatchers.map(async (each) => each?.destroy()));
    },
  };
}

type PoolOptions = ReturnType<typeof poolOptions>;

const poolOptions = (settings: HttpSourceSettings) => ({
  // HTTP/1.1 only: one transfer per connection, so that ending a transfer ends exactly its connection.
  allowH2: false,
  connections: settings.maxConnectionsPerHost,
  pipelining: settings.keepAliveSeconds === 0 ? 0 : 1,
  keepAliveTimeout: Math.max(settings.keepAliveSeconds * 1000, 1),
  keepAliveMaxTimeout: Math.max(settings.keepAliveSeconds * 1000, 1),
  headersTimeout: settings.headersTimeoutSeconds * 1000,
  bodyTimeout: settings.idleTimeoutSeconds * 1000,
});

interface ProxyRoute {
  readonly dispatcher: Dispatcher;
  readonly route: (target: HttpTarget) => HttpRoute;
}

/** Made at first use: most servers have no proxy. */
function lazily(make: (proxy: URL) => ProxyRoute) {
  let made: ProxyRoute | undefined;
  return {
    of(proxy: URL) {
      made ??= make(proxy);
      return made.route;
    },
    made: () => made?.dispatcher,
  };
}

/**
 * http: the request goes to the proxy with the whole URL in its request line (RFC 9112 section 3.2.2). One pool to the
 * proxy serves all origins; undici's ProxyAgent would keep a pool for every origin ever seen.
 */
function createForwarding(proxy: URL, pooling: PoolOptions, timeoutMs: number): ProxyRoute {
  const connect = undiciConnector({ timeout: timeoutMs, allowH2: false });
  // TLS to the proxy names the proxy, not the host that the Host header names.
  const connectProxy: buildConnector.connector = (options, callback) =>
    connect({ ...options, servername: addressOrName(proxy) }, callback);
  const dispatcher = new Pool(proxy.origin, {
    ...pooling,
    connect: withVisibleResets(proxy.protocol === 'https:' ? connectProxy : connect),
  });
  const token = proxyAuthorization(proxy);
  return {
    dispatcher,
    route: (target) => ({
      dispatcher,
      origin: proxy.origin,
      path: target.origin + target.path,
      headers: {
        host: target.origin.slice(`${target.protocol}//`.length),
        ...(token === null ? {} : { 'proxy-authorization': token }),
      },
    }),
  };
}

/** https: a tunnel through the proxy (CONNECT), TLS with the origin inside. */
function createTunnels(proxy: URL, pooling: PoolOptions, settings: HttpSourceSettings): ProxyRoute {
  const token = proxyAuthorization(proxy);
  const dispatcher = new ProxyAgent({
    ...pooling,
    uri: proxy.origin,
    connectTimeout: settings.connectTimeoutSeconds * 1000,
    requestTls: { rejectUnauthorized: !settings.insecureTls },
    factory: (origin, options) => new Pool(origin, visible(options)),
    ...(token === null ? {} : { token }),
  });
  return {
    dispatcher,
    route: (target) => ({ dispatcher, origin: target.origin, path: target.path, headers: {} }),
  };
}

/** The options ProxyAgent gives the pool of an origin; `connect` is its own, which opens the tunnel. */
const visible = ({ connect, ...options }: Pool.Options): Pool.Options => ({
  ...options,
  connect: withVisibleResets(connect as buildConnector.connector),
});

const addressOrName = (proxy: URL) => proxy.hostname.replace(/^\[|\]$/g, '');

function proxyAuthorization({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
