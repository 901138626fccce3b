import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, isIPv6, type Server } from 'node:net';
import process from 'node:process';
import { PictorError } from '../core/errors.ts';

/** Where a server listens: a TCP port (host absent: every interface, IPv6 and IPv4) or a Unix socket. */
export type Bind = { readonly host?: string; readonly port: number } | { readonly path: string };

/** Owner and group may connect, others may not: a proxy in front joins the group. */
const socketMode = 0o660;

/** Reads `host:port`, `:port`, `[::1]:port` or `unix:/path`; null when the text is none of these. */
export function parseBind(text: string): Bind | null {
  if (text.startsWith('unix:'))
    return text.length > 'unix:'.length ? { path: text.slice('unix:'.length) } : null;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const [, ipv6, name, portText] = match;
  const port = Number(portText);
  if (port > 65_535 || (ipv6 !== undefined && !isIPv6(ipv6))) return null;
  const host = ipv6 ?? name;
  return host === undefined || host === '' ? { port } : { host, port };
}

/** An address that was bound. */
export interface BoundAddress {
  /** As a person would write it: `127.0.0.1:8080`, `[::]:8080`, `unix:/run/pictor.sock`. */
  readonly text: string;
  /** The port really taken; null for a Unix socket. */
  readonly port: number | null;
}

/** Where the kernel shares new connections out among the sockets of several processes (SO_REUSEPORT). */
const canShareTcp = process.platform === 'linux';

/**
 * Makes a server listen.
 * @param shared other processes of ours listen there too. A port of TCP is shared by the kernel; for what cannot be shared so
 * (a Unix socket, port 0, other systems) node:cluster hands all of them one socket. What a killed program left in its place is
 * then removed by whoever starts them, before: one of ours that has the socket but does not listen yet looks like that.
 * @throws PictorError LISTEN_FAILED, with the address and the system's reason in `detail`
 */
export async function bindServer(
  server: Server,
  text: string,
  { shared = false }: { readonly shared?: boolean } = {},
): Promise<BoundAddress> {
  const bind = parseBind(text);
  if (bind === null)
    throw new PictorError('LISTEN_FAILED', { detail: `${text} is not host:port or unix:/path` });
  try {
    if ('path' in bind && !shared) await removeStaleSocket(bind.path);
    const reusePort = shared && canShareTcp && 'port' in bind && bind.port !== 0;
    await listening(server, reusePort ? { ...bind, reusePort } : bind);
    if ('path' in bind) await chmod(bind.path, socketMode);
  } catch (error) {
    server.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new PictorError('LISTEN_FAILED', { detail: `${text}: ${reason}`, cause: error });
  }
  return boundAddress(server);
}

function listening(server: Server, bind: Bind & { readonly reusePort?: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(bind, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function boundAddress(server: Server): BoundAddress {
  const address = server.address();
  if (address === null)
    throw new PictorError('LISTEN_FAILED', { detail: 'the server was closed while it started' });
  if (typeof address === 'string') return { text: `unix:${address}`, port: null };
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { text: `${host}:${address.port}`, port: address.port };
}

/**
 * A process that was killed leaves its socket file behind, and binding to it fails. It is removed when it is a socket
 * and nobody answers on it; anything else stays, and binding reports it as taken.
 */
async function removeStaleSocket(path: string): Promise<void> {
  const entry = await lstat(path).catch(() => null);
  if (entry?.isSocket() === true && !(await answers(path))) await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
