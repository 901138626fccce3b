import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';
import { endWithBench } from './leftovers.ts';

const hasWrk = spawnSync('wrk', ['-v']).error === undefined;

/** The load generator in use: wrk where installed (it leaves more of the machine to the server), else autocannon. */
export const loadTool = hasWrk ? 'wrk' : 'autocannon';

export interface Load {
  readonly requests: number;
  readonly perSecond: number;
}

/**
 * Requests of one URL over connections that are kept open, 64 unless told otherwise.
 * @throws Error where an answer is no success
 */
export async function load(
  { port }: { readonly port: number },
  path: string,
  { seconds, connections = 64 }: { readonly seconds: number; readonly connections?: number },
): Promise<Load> {
  const url = `http://127.0.0.1:${port}${path}`;
  if (!hasWrk) {
    const result = await autocannon({ url, connections, duration: seconds });
    if (result.non2xx > 0 || result.errors > 0) throw new Error(`load on ${url} failed`);
    return { requests: result['2xx'], perSecond: result['2xx'] / result.duration };
  }
  const text = await wrk(url, { seconds, connections });
  const requests = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
  if (/Non-2xx/.test(text) || requests === 0) throw new Error(`load on ${url} failed: ${text}`);
  return { requests, perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0) };
}

/** wrk counts whole seconds; told to stop it says how much it did in the time it had. */
async function wrk(
  url: string,
  { seconds, connections }: { readonly seconds: number; readonly connections: number },
): Promise<string> {
  const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${Math.ceil(seconds) + 5}s`, url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithBench(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  await Promise.race([pause(seconds * 1000), ended]);
  child.kill('SIGINT');
  await ended;
  return text;
}
