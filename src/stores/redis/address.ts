/** Where a Redis is, as its client wants to be told. */
export interface RedisAddress {
  /** Host and port or path, without any secret: for messages. */
  readonly shown: string;
  readonly options: {
    readonly host?: string;
    readonly port?: number;
    readonly path?: string;
    readonly tls?: Readonly<Record<string, never>>;
    readonly username?: string;
    readonly password?: string;
    readonly db?: number;
  };
}

/** The forms that are read, for messages and help. */
export const redisUrlSyntax =
  'redis://[[user]:password@]host[:port][/database], rediss://… (TLS), unix:///path[?db=0&username=…&password=…]';

/**
 * Reads the URL of a Redis: `redis://host:6379/0`, `rediss://user:password@host/1`, `unix:///run/redis.sock?db=2` or the
 * bare path of a socket. User and password are percent-decoded. Null when it is none of these.
 */
export function parseRedisUrl(text: string): RedisAddress | null {
  const path = /^(?:(?:redis\+)?unix:\/\/)?(\/[^?]+)(?:\?(.*))?$/.exec(text);
  if (path !== null) return socketAddress(path[1]!, new URLSearchParams(path[2] ?? ''));
  return /^rediss?:\/\//i.test(text) && URL.canParse(text) ? hostAddress(new URL(text)) : null;
}

function socketAddress(path: string, query: URLSearchParams): RedisAddress | null {
  const db = databaseOf(query.get('db') ?? '');
  if (db === null || [...query.keys()].some((key) => !['db', 'username', 'password'].includes(key)))
    return null;
  const { username, password } = Object.fromEntries(query);
  return { shown: `unix:${path}`, options: { path, db, ...credentials(username, password) } };
}

function hostAddress(url: URL): RedisAddress | null {
  const db = databaseOf(url.pathname.slice(1));
  if (db === null || url.hostname === '' || url.search !== '' || url.hash !== '') return null;
  const port = url.port === '' ? 6379 : Number(url.port);
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === null || password === null) return null;
  return {
    shown: `${url.hostname}:${port}`,
    options: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port,
      db,
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
      ...credentials(username, password),
    },
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

const databaseOf = (text: string): number | null =>
  text === '' ? 0 : /^\d{1,5}$/.test(text) ? Number(text) : null;

const credentials = (username = '', password = '') => ({
  ...(username === '' ? {} : { username }),
  ...(password === '' ? {} : { password }),
});
