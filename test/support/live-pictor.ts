/** The running program as a test watches it: its metrics, its log, its worker processes. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { type Origin, type OriginOptions, startOrigin } from './origin.ts';
import { type PictorProcess, type RawReply, startPictor } from './pictor-process.ts';

/** Starts pictor and makes sure that it is gone at the end of the test, however that goes. */
export async function livePictor(
  context: TestContext,
  options: Parameters<typeof startPictor>[0],
): Promise<PictorProcess> {
  const pictor = await startPictor(options);
  context.after(() => {
    // Node's types do not know it yet.
    if (!(context as TestContext & { readonly passed: boolean }).passed) context.diagnostic(pictor.output());
    return pictor.kill();
  });
  return pictor;
}

/** An origin that is closed at the end of the test. */
export async function liveOrigin(context: TestContext, options: OriginOptions = {}): Promise<Origin> {
  const origin = await startOrigin(options);
  let closed = false;
  const close = async () => {
    if (!closed) await origin.close();
    closed = true;
  };
  context.after(close);
  return { ...origin, close };
}

/** Polls until the condition holds. @throws after half a minute, naming what was waited for */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (await condition()) return;
    await sleep(15);
  }
  assert.fail(`waited in vain until ${what}`);
}

/** Sum of all samples of a metric whose labels include the given ones; 0 when there is none. */
export async function metric(
  pictor: PictorProcess,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${pictor.adminPort}/metrics`)).text();
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  let sum = 0;
  for (const line of page.split('\n')) {
    const match = /^([a-z_]+)(\{[^}]*\})? (\S+)$/.exec(line);
    if (match === null || match[1] !== name) continue;
    if (wanted.every((text) => match[2]?.includes(text))) sum += Number(match[3]);
  }
  return sum;
}

/** Lines the log has about requests, oldest first. They are written in batches: wait for them. */
export const requestLines = (pictor: PictorProcess): Record<string, unknown>[] =>
  pictor
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'request');

/** Processes that can be listed by their parent: the tests of workers need it. */
export const canListProcesses = process.platform === 'linux';

/** For `skip` of tests that need it. */
export const needsProcessList = canListProcesses ? false : 'lists processes by /proc';

/** Parent and state of a process as `/proc/<pid>/stat` (proc(5)) tells them; null when it is gone. */
function processFacts(pid: number): { readonly state: string; readonly parent: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}

/** A zombie is gone: it only waits for somebody to read its exit code. */
export function isAlive(pid: number): boolean {
  const facts = processFacts(pid);
  return facts !== null && facts.state !== 'Z' && facts.state !== 'X';
}

/** Engine workers of a running pictor: it has no other children. */
export const workersOf = (pictor: PictorProcess): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => processFacts(pid)?.parent === pictor.pid && isAlive(pid));

/** Stops a worker in its tracks (SIGSTOP); it goes on, or at the latest ends, with the test. */
export async function holdWorker(context: TestContext, pid: number): Promise<() => void> {
  context.after(() => signal(pid, 'SIGKILL'));
  signal(pid, 'SIGSTOP');
  await until(`worker ${pid} is stopped`, () => processFacts(pid)?.state === 'T');
  return () => signal(pid, 'SIGCONT');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** One plain colour with a corner in another one: small, and told apart from every other such picture. */
export async function drawing(options: {
  readonly width: number;
  readonly height: number;
  readonly colour: string;
  readonly format?: 'png' | 'jpeg';
}): Promise<Buffer> {
  const { width, height, colour, format = 'png' } = options;
  const corner = { width: width >> 2, height: height >> 2, channels: 3 as const, background: 'white' };
  return sharp({ create: { width, height, channels: 3, background: colour } })
    .composite([{ input: { create: corner }, left: 0, top: 0 }])
    .toFormat(format)
    .toBuffer();
}

/** What a person would check of a picture: that it is one, its format and its size. */
export async function shapeOf({ status, body }: RawReply): Promise<string> {
  assert.equal(status, 200, body.toString('latin1', 0, 200));
  const { format, width, height } = await sharp(body).metadata();
  return `${format} ${width}x${height}`;
}

/** Variables that let a test's own origin on loopback be fetched from, and nothing else of this machine. */
export const allowing = (...origins: readonly Origin[]): Record<string, string> => ({
  PICTOR_SOURCES_HTTP_ALLOWED_HOSTS: origins.map(({ port }) => `127.0.0.1:${port}`).join(','),
});

/** URL of a variant at the mount `pictor serve` has without a configuration. */
export const nativeTarget = (source: string, options = 'rs:fit:64:64', format = 'png'): string =>
  `/imgproxy/unsafe/${options}/plain/${source}@${format}`;
