import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import autocannon from 'autocannon';

const run = promisify(execFile);
const hasWrk = spawnSync('wrk', ['-v']).error === undefined;

/** The load generator in use: wrk where installed (it leaves more of the machine to the server), else autocannon. */
export const loadTool = hasWrk ? 'wrk' : 'autocannon';

/** Requests per second of one URL over 64 kept-alive connections. */
export async function load(
  port: number,
  path: string,
  seconds: number,
): Promise<{ requests: number; perSecond: number }> {
  const url = `http://127.0.0.1:${port}${path}`;
  if (!hasWrk) {
    const result = await autocannon({ url, connections: 64, duration: seconds });
    return { requests: result.requests.total, perSecond: result.requests.average };
  }
  const { stdout } = await run('wrk', ['-t1', '-c64', `-d${seconds}s`, url]);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
  if (/Non-2xx/.test(stdout) || requests === 0) throw new Error(`load on ${url} failed: ${stdout}`);
  return { requests, perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0) };
}
