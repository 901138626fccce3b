import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** A process under measurement and everything it started. */
export interface Measured {
  readonly port: number;
  /** CPU seconds of the process and its living and ended children so far. */
  cpuSeconds(): number;
  /** Resident megabytes of the process and its living children. */
  residentMegabytes(): number;
  stop(): Promise<void>;
}

/** Clock ticks per second of /proc: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

function statOf(pid: number): { parent: number; ticks: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // Fields 14-17 of proc(5): user, system, and the same of children that ended and were waited for.
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    return { parent: Number(fields[1]), ticks };
  } catch {
    return null;
  }
}

/** CPU seconds of all processes that this one started, and they, and that have ended (fields 16 and 17 of proc(5)). */
export function endedChildrenSeconds(): number {
  const text = readFileSync('/proc/self/stat', 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/** The process and all below it. */
function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? statOf(pid) : null;
    if (stat !== null) parents.set(pid, stat.parent);
  }
  const tree = [root];
  for (const pid of tree) {
    for (const [child, parent] of parents) if (parent === pid && !tree.includes(child)) tree.push(child);
  }
  return tree;
}

const residentOf = (pid: number): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return 0;
  }
};

function measure(child: ChildProcess, port: number): Measured {
  const pid = child.pid!;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    port,
    cpuSeconds: () =>
      processTree(pid).reduce((sum, each) => sum + (statOf(each)?.ticks ?? 0), 0) / ticksPerSecond,
    residentMegabytes: () => processTree(pid).reduce((sum, each) => sum + residentOf(each), 0) / 2 ** 20,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** Starts a program that will listen on `port` and waits until `path` answers anything. */
export async function startServer(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly port: number;
  readonly path?: string;
}): Promise<Measured> {
  const child = spawn(options.command, options.args, {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/tmp', ...options.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const measured = measure(child, options.port);
  const deadline = Date.now() + 20_000;
  while (child.exitCode === null && Date.now() < deadline) {
    const status = await get(options.port, options.path ?? '/').then(
      (reply) => reply.status,
      () => 0,
    );
    if (status > 0) return measured;
    await pause(10);
  }
  await measured.stop();
  throw new Error(`${options.command} ${options.args.join(' ')} did not start on port ${options.port}`);
}

export interface Reply {
  readonly status: number;
  readonly body: Buffer;
  readonly ms: number;
}

/** One GET on loopback. */
export function get(port: number, path: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const outgoing = request({ host: '127.0.0.1', port, path, agent: false }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('end', () =>
        resolve({
          status: reply.statusCode ?? 0,
          body: Buffer.concat(chunks),
          ms: performance.now() - began,
        }),
      );
      reply.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

let nextPort = 18_400;
/** Ports are taken in turn: a server that just stopped may still hold the one before. */
export const freePort = (): number => nextPort++;

export const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Value below which the share `p` of the numbers lies. */
export const percentile = (numbers: readonly number[], p: number): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;
};
