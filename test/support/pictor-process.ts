import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { env as ambient, execPath } from 'node:process';
import { repositoryRoot } from './repository.ts';

/** The real program, running on loopback, as a user starts it. */
export interface PictorProcess {
  readonly port: number;
  readonly adminPort: number;
  readonly pid: number;
  /** Everything it printed so far. */
  output(): string;
  /** Sends the signal (default: SIGTERM) and waits for the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** SIGKILL, as an operator's machine does at 3 am. */
  kill(): Promise<void>;
  /** Raw request: the target is sent byte for byte. */
  get(target: string, headers?: Record<string, string>): Promise<RawReply>;
  send(method: string, target: string, headers?: Record<string, string>): Promise<RawReply>;
}

export interface RawReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Below those from which systems take a port for an outgoing connection (32768 on Linux): none of them can get in between. */
const ports = { from: 12_000, to: 32_000 } as const;
const given = new Set<number>();

/** A port nobody listens on at this moment, and another one with each call. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(ports.from, ports.to);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/**
 * Starts `pictor {args}` in an empty working folder and waits until it accepts connections.
 * @param options.env on top of PATH and HOME only; `bind` names the variable that takes `127.0.0.1:port`
 */
export async function startPictor(options: {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly bind?: string;
  /** The port it is told to listen on by other means. */
  readonly port?: number;
  /** Absent: the one of this clone. */
  readonly program?: string;
}): Promise<PictorProcess> {
  const port = options.port ?? (await freePort());
  const adminPort = await freePort();
  const home = mkdtempSync(path.join(tmpdir(), 'pictor-test-'));
  const program = options.program ?? path.join(repositoryRoot, 'bin/pictor.js');
  const child = spawn(execPath, [program, ...options.args], {
    cwd: home,
    env: {
      PATH: ambient['PATH'] ?? '',
      HOME: home,
      [options.bind ?? 'PICTOR_SERVER_BIND']: `127.0.0.1:${port}`,
      PICTOR_ADMIN_BIND: `127.0.0.1:${adminPort}`,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const take = (chunk: Buffer) => {
    printed += chunk.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  void ended.then(() => rmSync(home, { recursive: true, force: true }));
  await accepting(port, child, () => printed);
  return {
    port,
    adminPort,
    pid: child.pid!,
    output: () => printed,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    get: (target, headers = {}) => rawRequest(port, { method: 'GET', target, headers }),
    send: (method, target, headers = {}) => rawRequest(port, { method, target, headers }),
  };
}

async function accepting(port: number, child: ChildProcess, printed: () => string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && child.exitCode === null) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGKILL');
  throw new Error(`pictor did not start:\n${printed()}`);
}

interface RawRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** HTTP/1.1 by hand, so that no client library tidies the target. One connection per request. */
export function rawRequest(port: number, { method, target, headers }: RawRequest): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...headers, Connection: 'close' }).map(
        ([name, value]) => `${name}: ${value}`,
      );
      socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('end', () => resolve(parseReply(Buffer.concat(chunks))));
  });
}

function parseReply(bytes: Buffer): RawReply {
  const split = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, split).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = bytes.subarray(split + 4);
  const body = headers['transfer-encoding'] === 'chunked' ? unchunk(rest) : rest;
  return { status: Number(statusLine.split(' ')[1]), headers, body };
}

function unchunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (!(size > 0)) break;
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts);
}
