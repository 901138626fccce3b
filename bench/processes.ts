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

function tickSecondsOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // Fields 14-17 of proc(5): user, system, and the same of children that ended and were waited for.
    return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) / ticksPerSecond;
  } catch {
    return 0;
  }
}

/** Of the threads that live, to the nanosecond; 0 where the kernel does not tell (CONFIG_SCHED_INFO). */
function threadSecondsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const [running] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      return sum + Number(running) / 1e9;
    }, 0);
  } catch {
    return 0;
  }
}

/** Ticks are whole hundredths, rounded down; the sum over threads is exact, but lacks those that have ended. */
const secondsOf = (pid: number): number => Math.max(tickSecondsOf(pid), threadSecondsOf(pid));

/** CPU seconds of all processes that this one started, and they, and that have ended (fields 16 and 17 of proc(5)). */
export function endedChildrenSeconds(): number {
  const text = readFileSync('/proc/self/stat', 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/**
 * The process and all below it. The kernel tells each thread's children where it was built to (CONFIG_PROC_CHILDREN, as usual
 * distributions do): reading all of /proc instead takes long enough to be seen in what is measured.
 */
function processTree(root: number): number[] {
  const tree = [root];
  for (const pid of tree) tree.push(...childrenOf(pid));
  return tree;
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

const residentOf = (pid: number): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return 0;
  }
};

function measure(child: ChildProcess, port: number): Measured {
  const pid = child.pid ?? 0;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    port,
    cpuSeconds: () => processTree(pid).reduce((sum, each) => sum + secondsOf(each), 0),
    residentMegabytes: () => processTree(pid).reduce((sum, each) => sum + residentOf(each), 0) / 2 ** 20,
    async stop() {
      if (pid === 0 || child.exitCode !== null || child.signalCode !== null) return;
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
  /** Asked until anything answers. */
  readonly path?: string;
  readonly startSeconds?: number;
}): Promise<Measured> {
  const child = spawn(options.command, options.args, {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/tmp', ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // What servers say while they run is nobody's business, but for one that does not start.
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  let failure = '';
  child.once('error', (error) => {
    failure = `: ${error.message}`;
  });
  const measured = measure(child, options.port);
  const deadline = Date.now() + (options.startSeconds ?? 20) * 1000;
  while (child.exitCode === null && failure === '' && Date.now() < deadline) {
    const status = await get(options.port, options.path ?? '/').then(
      (reply) => reply.status,
      () => 0,
    );
    if (status > 0) return measured;
    await pause(10);
  }
  await measured.stop();
  throw new Error(
    `${options.command} ${options.args.join(' ')} did not start on port ${options.port}${failure}\n${said}`,
  );
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
