import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after, test } from 'node:test';
import type { PictorError } from '../../../src/core/errors.ts';
import type { PictorEvent } from '../../../src/core/events.ts';
import { createEngine, type EngineOptions } from '../../../src/engine/engine.ts';
import { engineSettings } from '../../../src/engine/settings.ts';
import type { Engine } from '../../../src/plan/engine-port.ts';
import { fixture, jobOf } from '../../support/engine-jobs.ts';

type WorkerEvent = Extract<PictorEvent, { type: 'worker' }>;

interface Started {
  readonly engine: Engine;
  readonly events: PictorEvent[];
  pids(): number[];
  seen(what: WorkerEvent['what']): number;
}

const running: Engine[] = [];
after(() => Promise.all(running.map((engine) => engine.close())));

function start(options: Partial<EngineOptions> = {}): Started {
  const events: PictorEvent[] = [];
  const engine = createEngine(
    { ...engineSettings.parse({}), workers: 1, ...options },
    (event) => void events.push(event),
  );
  running.push(engine);
  const of = (what: WorkerEvent['what']) =>
    events.filter((event) => event.type === 'worker' && event.what === what) as WorkerEvent[];
  return { engine, events, pids: () => of('started').map(({ pid }) => pid), seen: (what) => of(what).length };
}

/** Until something holds: what another process does cannot be awaited. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 3000, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const never = () => new AbortController().signal;
const quick = jobOf({ of: 'photo.jpg', operations: [{ op: 'resize', width: 40 }] });
/** Takes seconds: long enough to be met while it runs. */
const slow = jobOf({
  of: 'photo.jpg',
  operations: [{ op: 'resize', width: 480 }],
  format: 'avif',
  output: { encoder: { avif: { effort: 9 } } },
});
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const codeOf = (error: unknown) => (error as PictorError).code;

test('a transform comes back with bytes, facts and an event', async () => {
  const { engine, events } = start();
  const result = await engine.transform(quick, never());
  assert.deepEqual([result.format, result.width, result.source.width], ['jpeg', 40, 480]);
  assert.deepEqual([...result.bytes.subarray(0, 2)], [0xff, 0xd8]);
  const event = events.find(({ type }) => type === 'transform');
  assert.ok(event?.type === 'transform');
  assert.deepEqual(
    [event.from, event.to, event.bytes, event.frames],
    ['jpeg', 'jpeg', result.bytes.length, 1],
  );
  const info = await engine.inspect({ path: fixture('animated.gif') }, quick.limits);
  assert.deepEqual([info.format, info.frames], ['gif', 4]);
});

test('errors keep their code and their detail', async () => {
  const { engine } = start();
  const broken = engine.transform(jobOf({ of: 'truncated.jpg' }), never());
  await assert.rejects(
    broken,
    (error: PictorError) => error.code === 'IMAGE_BROKEN' && error.detail !== undefined,
  );
  await assert.rejects(engine.inspect({ path: fixture('bomb.png') }, quick.limits), {
    code: 'IMAGE_TOO_LARGE',
  });
});

test('a worker gets nothing of the environment and is nicer than the server', {
  skip: process.platform !== 'linux',
}, async () => {
  const { readdir, readFile } = await import('node:fs/promises');
  process.env['PICTOR_TEST_SECRET'] = 'hush';
  const { engine, pids } = start({ environment: { FONTCONFIG_PATH: '/etc/fonts' } });
  await engine.transform(quick, never());
  delete process.env['PICTOR_TEST_SECRET'];
  const environment = await readFile(`/proc/${pids()[0]}/environ`, 'utf8');
  assert.doesNotMatch(environment, /PICTOR_TEST_SECRET|PATH=.*bin|HOME=/);
  assert.match(environment, /FONTCONFIG_PATH=\/etc\/fonts/);
  const threads = `/proc/${pids()[0]}/task`;
  for (const thread of await readdir(threads)) {
    const nice = Number((await readFile(`${threads}/${thread}/stat`, 'utf8')).split(') ')[1]!.split(' ')[16]);
    assert.equal(nice, 10, thread);
  }
});

test('jobs wait their turn, one at a time per worker', async () => {
  const { engine } = start();
  const order: number[] = [];
  const jobs = [0, 1, 2, 3].map((index) => engine.transform(quick, never()).then(() => order.push(index)));
  assert.equal(engine.stats().workers <= 1, true);
  await Promise.all(jobs);
  assert.deepEqual(order, [0, 1, 2, 3]);
  assert.equal(engine.stats().busy, 0);
});

test('a worker that is killed costs its own job alone', async () => {
  const { engine, pids, seen } = start({ workers: 2 });
  const work = jobOf({ of: 'photo.jpg', format: 'avif', output: { encoder: { avif: { effort: 3 } } } });
  const jobs = Array.from({ length: 20 }, () => engine.transform(work, never()));
  const settled = Promise.allSettled(jobs);
  await until('two busy workers', () => engine.stats().busy === 2);
  process.kill(pids()[0]!, 'SIGKILL');
  const failures = (await settled).filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  assert.deepEqual(
    failures.map(({ reason }) => codeOf(reason)),
    ['WORKER_CRASHED'],
  );
  assert.deepEqual([seen('crashed'), engine.stats().crashed], [1, 1]);
  assert.equal(engine.stats().workers, 2);
});

test('a crash tells how it happened, and the next job is served', async () => {
  const { engine, pids } = start();
  const held = engine.transform(slow, never());
  await until('a busy worker', () => engine.stats().busy === 1);
  process.kill(pids()[0]!, 'SIGSEGV');
  await assert.rejects(
    held,
    (error: PictorError) => error.code === 'WORKER_CRASHED' && /SIGSEGV/.test(error.detail ?? ''),
  );
  assert.equal((await engine.transform(quick, never())).width, 40);
});

test('a worker that stops answering is killed at the time limit', async () => {
  const { engine, pids, seen } = start({ timeoutSeconds: 1 });
  await engine.transform(quick, never());
  process.kill(pids()[0]!, 'SIGSTOP');
  await assert.rejects(engine.transform(quick, never()), { code: 'TIMEOUT' });
  await until('the end of the stopped worker', () => !isAlive(pids()[0]!));
  assert.deepEqual([seen('timeout'), engine.stats().timedOut], [1, 1]);
  assert.equal((await engine.transform(quick, never())).width, 40);
});

test('a worker that grows past its memory is replaced', async () => {
  // Less than a worker needs to live: so whatever it works on is too much.
  const { engine, seen } = start({ memoryLimit: 30e6 });
  await assert.rejects(engine.transform(slow, never()), { code: 'WORKER_MEMORY' });
  assert.equal(seen('memory'), 1);
});

test('a worker is recycled after so many jobs, and when it stays large', async () => {
  const worn = start({ recycleAfter: 2 });
  for (let index = 0; index < 5; index += 1) await worn.engine.transform(quick, never());
  assert.deepEqual(
    [worn.seen('recycled'), new Set(worn.pids()).size, worn.engine.stats().recycled],
    [2, 3, 2],
  );
  const { rssBytes } = worn.engine.stats();
  assert.ok(rssBytes > 0);
  const large = start({ memoryLimit: rssBytes * 1.6 });
  await large.engine.transform(quick, never());
  await until('a recycled worker', () => large.seen('recycled') === 1);
});

test('workers that cannot even start fail the waiting jobs, with what they said, and do not spin', async () => {
  const { engine, seen } = start({ environment: { NODE_OPTIONS: '--no-such-option' } });
  await assert.rejects(engine.transform(quick, never()), (error: PictorError) => {
    assert.equal(error.code, 'WORKER_CRASHED');
    assert.match(error.detail ?? '', /no-such-option/);
    return true;
  });
  assert.equal(seen('crashed'), 4);
  await engine.close();
});

test('a job nobody waits for leaves the queue, or loses its worker', async () => {
  const { engine, seen, pids } = start();
  const [running, waiting] = [new AbortController(), new AbortController()];
  const first = engine.transform(slow, running.signal);
  const second = engine.transform(quick, waiting.signal);
  await until('a busy worker', () => engine.stats().busy === 1);
  waiting.abort();
  await assert.rejects(second, { code: 'CANCELLED' });
  running.abort();
  await assert.rejects(first, { code: 'CANCELLED' });
  assert.equal((await engine.transform(quick, never())).width, 40);
  assert.deepEqual([seen('recycled'), pids().length], [1, 2]);
  await assert.rejects(engine.transform(quick, AbortSignal.abort()), { code: 'CANCELLED' });
});

test('closing lets the running job finish, refuses what waits, and leaves no process', async () => {
  const { engine, pids } = start();
  const first = engine.transform(jobOf({ of: 'photo.jpg', format: 'avif' }), never());
  const second = engine.transform(quick, never());
  const refused = assert.rejects(second, { code: 'SHUTTING_DOWN' });
  await until('a busy worker', () => engine.stats().busy === 1);
  await engine.close();
  assert.equal((await first).format, 'avif');
  await refused;
  await assert.rejects(engine.transform(quick, never()), { code: 'SHUTTING_DOWN' });
  assert.deepEqual(pids().filter(isAlive), []);
});

test('workers end when their server is killed', { skip: process.platform === 'win32' }, async () => {
  const script = `
    const { createEngine } = await import(${JSON.stringify(path.resolve('src/engine/engine.ts'))});
    const { engineSettings } = await import(${JSON.stringify(path.resolve('src/engine/settings.ts'))});
    createEngine({ ...engineSettings.parse({}), workers: 1 }, (event) => event.what === 'started' && console.log(event.pid));
    setInterval(() => {}, 1000);`;
  const server: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(server.stdout!, 'data')) as [Buffer];
  const pid = Number(line.toString());
  assert.ok(isAlive(pid));
  server.kill('SIGKILL');
  await until('the end of the worker', () => !isAlive(pid));
});

test('without isolation the same code runs in this process', async () => {
  const { engine, seen } = start({ isolation: 'none' });
  const result = await engine.transform(quick, never());
  assert.deepEqual([result.width, seen('started'), engine.stats().workers], [40, 0, 0]);
  await assert.rejects(engine.transform(jobOf({ of: 'truncated.png' }), never()), { code: 'IMAGE_BROKEN' });
  await assert.rejects(engine.transform(quick, AbortSignal.abort()), { code: 'CANCELLED' });
});

test('settings have full defaults', () => {
  assert.deepEqual(engineSettings.parse({}), {
    isolation: 'process',
    workers: 0,
    timeoutSeconds: 30,
    memoryLimit: 1.5 * 1024 ** 3,
    heifEncoder: '',
    recycleAfter: 5000,
  });
});
