/** A real Redis for tests, on a unix socket in a temporary folder: no port to clash, nothing left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { requireComponent } from './component.ts';

const component = requireComponent('redis-server');

/** For the options of tests that need a Redis: false, or why it is not there. */
export const redisSkip = component.skip;

export interface RedisServer {
  /** For `cache.redis.url`. */
  readonly url: string;
  /** Ends it at once, as a machine that loses its power. */
  kill(): Promise<void>;
  /** Starts it again, empty, at the same place. */
  restart(): Promise<void>;
  /** Stops it in its tracks: connections stay open, nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

/** Starts a Redis that keeps nothing on disk. @param settings further `redis-server` arguments */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pictor-redis-'));
  const socket = path.join(folder, 'r.sock');
  const fixed = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder];
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    const started = spawn(component.path, [...fixed, ...settings], { stdio: 'ignore' });
    child = started;
    const deadline = Date.now() + 60_000;
    while (!(await accepts(socket))) {
      if (Date.now() > deadline || started.exitCode !== null) throw new Error('redis-server did not start');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function kill(): Promise<void> {
    const running = child;
    child = null;
    if (running === null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    url: `unix://${socket}`,
    kill,
    restart: start,
    freeze: () => void (child?.pid !== undefined && process.kill(child.pid, 'SIGSTOP')),
    thaw: () => void (child?.pid !== undefined && process.kill(child.pid, 'SIGCONT')),
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const accepts = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const client = connect(socket);
    client.on('connect', () => {
      client.destroy();
      resolve(true);
    });
    client.on('error', () => resolve(false));
  });
