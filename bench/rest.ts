import { setTimeout as pause } from 'node:timers/promises';
import { get, type Measured } from './processes.ts';

const lookEveryMs = 25;
/** Longer than a server takes to see that it has nothing else to do, several times over. */
const restMs = 250;
/** Of CPU between two looks; what keeps a resting server's clocks going takes less. */
const atRestMs = 3;
const patienceMs = 60_000;

/**
 * Waits until a server has nothing to do: what it makes when there is time is made then, and not while something else is
 * measured. @throws Error where it works on for a minute
 */
export async function untilAtRest(server: Measured): Promise<void> {
  const began = performance.now();
  let [seen, still] = [server.cpuSeconds(), 0];
  while (still < restMs / lookEveryMs) {
    await pause(lookEveryMs);
    const now = server.cpuSeconds();
    still = (now - seen) * 1000 < atRestMs ? still + 1 : 0;
    seen = now;
    if (performance.now() - began > patienceMs) throw new Error('the server does not come to rest');
  }
}

/** One picture. @throws Error where the answer is not 200 */
export async function made(server: Measured, path: string): Promise<void> {
  const { status, body } = await get(server.port, path);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${body.toString('utf8', 0, 200)}`);
}

/** Pictures, so many at once. @throws Error where an answer is not 200 */
export async function madeAll(server: Measured, paths: readonly string[], lanes: number): Promise<void> {
  const waiting = paths.toReversed();
  const lane = async () => {
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) await made(server, path);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
