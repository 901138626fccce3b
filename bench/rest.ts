import { setTimeout as pause } from 'node:timers/promises';
import { get, type Measured } from './processes.ts';

/** Waits until a server has nothing to do: what it makes when there is time is made then. */
export async function untilAtRest(server: Measured): Promise<void> {
  let [seen, still] = [server.cpuSeconds(), 0];
  while (still < 5) {
    await pause(100);
    const now = server.cpuSeconds();
    still = now - seen < 0.015 ? still + 1 : 0;
    seen = now;
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
