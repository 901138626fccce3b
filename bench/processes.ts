import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createCpuMeter, processTree, type Spending, sumOf } from './cpu.ts';
import { endWithBench } from './leftovers.ts';

/** A process under measurement and everything it started. */
export interface Measured {
  readonly port: number;
  readonly pid: number;
  /** CPU seconds of the process and its living and ended children so far. */
  cpuSeconds(): number;
  /** The same, by process. */
  spending(): Spending;
  /** Resident megabytes of the process and its living children. */
  residentMegabytes(): number;
  stop(): Promise<void>;
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
  const spending = createCpuMeter(pid);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    port,
    pid,
    spending,
    cpuSeconds: () => sumOf(spending()),
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
  endWithBench(child);
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

/** An answer that takes longer will not come. */
const patienceMs = 60_000;

/** One GET on loopback. @throws Error where it does not answer */
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
    outgoing.setTimeout(patienceMs, () => outgoing.destroy(new Error(`${path} was not answered`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Below those the system gives to clients; another run on this machine begins elsewhere. */
let nextPort = 18_400 + (process.pid % 100) * 140;
/** Ports are taken in turn: a server that just stopped may still hold the one before. */
export const freePort = (): number => nextPort++;
