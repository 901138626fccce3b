/** Several processes at one address: they share what is on disk, make everything once, and one may die. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { filesBelow } from '../support/keeping-pictor.ts';
import {
  allowing,
  drawing,
  isAlive,
  liveOrigin,
  livePictor,
  metric,
  nativeTarget,
  needsProcessList,
  shapeOf,
  until,
  workersOf,
} from '../support/live-pictor.ts';
import { managementAccess } from '../support/management.ts';
import { answeredBy, isReady, manyProcesses } from '../support/many-processes.ts';
import type { Origin } from '../support/origin.ts';
import { freePort, type PictorProcess } from '../support/pictor-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Wanted {
  readonly processes: number;
  readonly origin: Origin;
  readonly env?: Readonly<Record<string, string>>;
}

const servingPictures = (t: TestContext, { processes, origin, env }: Wanted): Promise<PictorProcess> =>
  manyProcesses(t, { args: ['serve'], processes, env: { ...allowing(origin), ...env } });

/** The processes that serve: the primary has no other children. */
const servingOf = workersOf;

for (const processes of [2, 3]) {
  test(`${processes} processes: 500 requests at once over five pictures make one fetch and one transform each`, async (t) => {
    const origin = await liveOrigin(t);
    const colours = ['red', 'green', 'blue', 'black', 'orange'];
    for (const colour of colours)
      origin.route(`/${colour}.png`, {
        body: await drawing({ width: 64, height: 48, colour }),
        headers: { 'Cache-Control': 'max-age=1000' },
        delayMs: 400,
      });
    const pictor = await servingPictures(t, {
      processes,
      origin,
      env: { PICTOR_ADMISSION_PROCESS_QUEUE: '1000' },
    });
    const targets = colours.map((colour) => nativeTarget(`${origin.url}/${colour}.png`, 'rs:force:20:10'));

    const replies = await Promise.all(
      Array.from({ length: 500 }, (_, index) => pictor.get(targets[index % targets.length]!)),
    );

    for (const reply of replies) assert.equal(reply.status, 200);
    for (const [index, target] of targets.entries()) {
      const same = replies.filter((_, at) => at % targets.length === index);
      assert.equal(new Set(same.map(({ body }) => body.toString('base64'))).size, 1, target);
      assert.equal(await shapeOf(same[0]!), 'png 20x10');
    }
    for (const colour of colours) assert.equal(origin.count(`/${colour}.png`), 1, colour);
    assert.equal(new Set(replies.map(answeredBy)).size, processes, 'all of them answered');
    assert.equal(await metric(pictor, 'pictor_transforms_total'), colours.length);
    assert.equal(await metric(pictor, 'pictor_fetches_total'), colours.length);
    assert.equal(await metric(pictor, 'pictor_requests_total'), 500);
    assert.equal(await metric(pictor, 'pictor_processes'), processes);
  });
}

test('a failing source is asked once by all processes together', async (t) => {
  const origin = await liveOrigin(t);
  origin.route('/broken.png', { body: 'no picture', headers: { 'Content-Type': 'image/png' }, delayMs: 400 });
  origin.route('/gone.png', { status: 404, delayMs: 400 });
  const pictor = await servingPictures(t, { processes: 2, origin });
  const [broken, gone] = ['broken', 'gone'].map((name) => nativeTarget(`${origin.url}/${name}.png`));

  const replies = await Promise.all(
    Array.from({ length: 60 }, (_, index) => pictor.get(index % 2 === 0 ? broken! : gone!)),
  );

  assert.deepEqual(
    [...new Set(replies.map(({ status }) => status))].toSorted((a, b) => a - b),
    [404, 422],
  );
  assert.equal(origin.count('/broken.png'), 1);
  assert.equal(origin.count('/gone.png'), 1);
});

test('a changed source is made anew once, though the others hold the old picture in memory', async (t) => {
  const origin = await liveOrigin(t);
  let colour = 'red';
  const bodies = new Map(
    await Promise.all(
      ['red', 'blue'].map(
        async (each) => [each, await drawing({ width: 64, height: 48, colour: each })] as const,
      ),
    ),
  );
  origin.route('/a.png', () => ({
    body: bodies.get(colour)!,
    etag: `"${colour}"`,
    headers: { 'Cache-Control': 'max-age=1, stale-while-revalidate=0' },
  }));
  const pictor = await servingPictures(t, {
    processes: 2,
    origin,
    env: { PICTOR_FRESHNESS_STALE_WHILE_REVALIDATE_SECONDS: '0' },
  });
  const target = nativeTarget(`${origin.url}/a.png`);
  const askAll = () => Promise.all(Array.from({ length: 40 }, () => pictor.get(target)));
  const first = await askAll();
  assert.equal(new Set(first.map(answeredBy)).size, 2);
  colour = 'blue';
  await sleep(1500);

  const later = await askAll();

  assert.equal(new Set(later.map(({ body }) => body.toString('base64'))).size, 1);
  assert.notDeepEqual(later[0]!.body, first[0]!.body);
  assert.equal(await metric(pictor, 'pictor_transforms_total'), 2);
});

test('a process that is killed under load costs the requests it had; another takes its place and its turns', {
  skip: needsProcessList,
}, async (t) => {
  const origin = await liveOrigin(t);
  origin.route('/a.png', { body: await drawing({ width: 64, height: 48, colour: 'red' }) });
  origin.route('/slow.png', { body: await drawing({ width: 64, height: 48, colour: 'red' }), delayMs: 1500 });
  const pictor = await servingPictures(t, { processes: 2, origin });
  const target = nativeTarget(`${origin.url}/a.png`);
  let asking = true;
  const outcomes = { answered: 0, lost: 0, wrong: 0 };
  const clients = Array.from({ length: 8 }, async () => {
    while (asking) {
      const reply = await pictor.get(target).catch(() => null);
      if (reply === null || Number.isNaN(reply.status)) outcomes.lost += 1;
      else if (reply.status === 200) outcomes.answered += 1;
      else outcomes.wrong += 1;
    }
  });
  await until('there is load', () => outcomes.answered > 50);
  const slow = Array.from({ length: 20 }, () =>
    pictor.get(nativeTarget(`${origin.url}/slow.png`)).catch(() => null),
  );
  await until('the slow source is asked', () => origin.count('/slow.png') === 1);

  const [victim] = servingOf(pictor);
  process.kill(victim!, 'SIGKILL');
  const before = outcomes.answered;
  await until('the others answer', () => outcomes.answered > before + 200);
  await until('there are two again', async () => (await metric(pictor, 'pictor_processes')) === 2);
  const slowReplies = await Promise.all(slow);
  asking = false;
  await Promise.all(clients);

  assert.equal(outcomes.wrong, 0);
  // What a client was waiting for, and once more where it came back before the kernel had closed the dead one's listener.
  assert.ok(outcomes.lost <= 2 * clients.length, `${outcomes.lost} lost`);
  const answered = slowReplies.filter((reply) => reply !== null && !Number.isNaN(reply.status));
  assert.ok(answered.length > 0 && answered.every((reply) => reply?.status === 200));
  assert.ok(origin.count('/slow.png') <= 2);
  assert.equal(servingOf(pictor).length, 2);
  assert.ok(!servingOf(pictor).includes(victim!));
  assert.equal(await metric(pictor, 'pictor_process_events_total', { what: 'ended' }), 1);
  assert.match(pictor.output(), /a serving process ended; another one takes its place/);
});

test('what is purged by one process is shown by none, from when the call returns', async (t) => {
  const access = await managementAccess();
  const origin = await liveOrigin(t);
  const pictures = await Promise.all(
    Array.from({ length: 6 }, (_, version) =>
      sharp({ create: { width: 32, height: 32, channels: 3, background: { r: version * 20, g: 0, b: 0 } } })
        .png()
        .toBuffer(),
    ),
  );
  let version = 0;
  origin.route('/a.png', () => ({
    body: pictures[version]!,
    headers: { 'Cache-Control': 'max-age=100000' },
  }));
  const pictor = await servingPictures(t, { processes: 3, origin, env: access.env });
  const source = `${origin.url}/a.png`;
  const askAll = () =>
    Promise.all(
      Array.from({ length: 30 }, async () => {
        const reply = await pictor.get(nativeTarget(source, 'rs:force:16:16'));
        const { data } = await sharp(reply.body).raw().toBuffer({ resolveWithObject: true });
        return { by: answeredBy(reply), shown: data[0]! / 20 };
      }),
    );

  for (version = 0; version < pictures.length; version += 1) {
    if (version > 0) {
      const { copies } = await access.expect('/v1/purges', { body: { source, waitSeconds: 60 } });
      assert.equal(copies, 'removed');
    }
    const replies = await askAll();
    assert.equal(new Set(replies.map(({ by }) => by)).size, 3);
    assert.deepEqual([...new Set(replies.map(({ shown }) => shown))], [version]);
  }
  assert.equal(origin.count('/a.png'), pictures.length);
});

test('the bound of the shared folder holds, and a restart keeps what is in it', async (t) => {
  const origin = await liveOrigin(t);
  const noise = await sharp({
    create: {
      width: 256,
      height: 256,
      channels: 3,
      background: 'grey',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  })
    .png()
    .toBuffer();
  origin.route('/noise.png', { body: noise, headers: { 'Cache-Control': 'max-age=100000' } });
  const dir = path.join(await temporaryFolder(t), 'cache');
  const bound = 4 * 1024 * 1024;
  const env = { PICTOR_CACHE_DIR: dir, PICTOR_CACHE_VARIANTS: String(bound) };
  const first = await servingPictures(t, { processes: 2, origin, env });
  const variant = (size: number) => nativeTarget(`${origin.url}/noise.png`, `rs:force:${size}:${size}`);
  const blobs = path.join(dir, 'variants', 'blobs');
  const bytesThere = async () => {
    const sizes = (await filesBelow(blobs)).map(
      async (name) => (await stat(path.join(blobs, name)).catch(() => null))?.size,
    );
    return (await Promise.all(sizes)).reduce<number>((sum, size) => sum + (size ?? 0), 0);
  };
  // About 8 MB of pictures.
  for (let size = 150; size < 250; size += 10)
    await Promise.all(Array.from({ length: 10 }, (_, each) => first.get(variant(size + each))));
  // Processes know of each other's writes within five seconds.
  let size = 120;
  await until('the folder is within its bound', async () => {
    size += 1;
    await first.get(variant(size % 150));
    return (await bytesThere()) <= bound;
  });
  assert.ok((await metric(first, 'pictor_store_events_total', { what: 'evicted' })) > 0);
  // One that was not asked for before: what is in the memory of a process may have left the folder.
  await first.get(variant(255));
  assert.equal(await first.stop(), 0);

  const second = await servingPictures(t, { processes: 2, origin, env });
  for (const reply of await Promise.all(Array.from({ length: 20 }, () => second.get(variant(255)))))
    assert.equal(reply.status, 200);
  assert.equal(await metric(second, 'pictor_transforms_total'), 0);
  assert.equal(origin.count('/noise.png'), 1);
});

test('a signal to all of them finishes what is in flight, and leaves nobody behind', {
  skip: needsProcessList,
}, async (t) => {
  const origin = await liveOrigin(t);
  const body = await drawing({ width: 64, height: 48, colour: 'red' });
  for (const each of Array.from({ length: 12 }).keys()) origin.route(`/${each}.png`, { body, delayMs: 1500 });
  const pictor = await servingPictures(t, { processes: 2, origin });
  const serving = servingOf(pictor);
  const replies = Array.from({ length: 12 }, (_, each) =>
    pictor.get(nativeTarget(`${origin.url}/${each}.png`)),
  );
  await until('all are asked for', () => origin.requests.length === 12);

  // As service managers and terminals do.
  for (const pid of serving) process.kill(pid, 'SIGTERM');
  const code = await pictor.stop();

  assert.equal(code, 0);
  for (const reply of await Promise.all(replies)) assert.equal(await shapeOf(reply), 'png 64x48');
  assert.deepEqual(serving.filter(isAlive), []);
});

test('processes whose primary was killed end by themselves, and the address is free again', {
  skip: needsProcessList,
}, async (t) => {
  const origin = await liveOrigin(t);
  const pictor = await servingPictures(t, { processes: 2, origin });
  const serving = servingOf(pictor);
  await pictor.kill();
  await until('they have ended', () => !serving.some(isAlive));
  const next = createServer();
  await new Promise<void>((resolve, reject) => {
    next.once('error', reject);
    next.listen(pictor.port, '127.0.0.1', resolve);
  });
  next.close();
});

test('a Unix socket is shared, too, and taken over from processes that were killed', {
  skip: process.platform === 'win32' && 'no Unix sockets',
}, async (t) => {
  const origin = await liveOrigin(t);
  origin.route('/a.png', { body: await drawing({ width: 64, height: 48, colour: 'red' }) });
  const socketPath = path.join(await temporaryFolder(t), 'p.sock');
  const get = () =>
    new Promise<number>((resolve, reject) => {
      request({ socketPath, path: nativeTarget(`${origin.url}/a.png`), agent: false }, (reply) => {
        reply.resume();
        reply.on('end', () => resolve(reply.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });
  for (const round of [1, 2]) {
    const spare = await freePort();
    // The harness waits for a port: that of the admin listener opens first.
    const pictor = await livePictor(t, {
      args: ['serve'],
      port: spare,
      bind: 'BIND_OF_NOBODY',
      env: {
        ...allowing(origin),
        PICTOR_SERVER_BIND: `unix:${socketPath}`,
        PICTOR_ADMIN_BIND: `127.0.0.1:${spare}`,
        PICTOR_SERVER_PROCESSES: '2',
      },
    });
    await until('it is ready', async () => isReady({ adminPort: spare }));
    assert.equal((await stat(socketPath)).mode & 0o777, 0o660);
    const statuses = await Promise.all(Array.from({ length: 30 }, get));
    assert.deepEqual([...new Set(statuses)], [200]);
    assert.equal(origin.count('/a.png'), round);
    await pictor.kill();
    // Its processes finish what they have in hand, and then are gone; the file stays.
    await until('nobody answers', () =>
      get().then(
        () => false,
        () => true,
      ),
    );
    assert.equal(existsSync(socketPath), true);
  }
});

test('a server that cannot be is refused as one process would be', async (t) => {
  const origin = await liveOrigin(t);
  const taken = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => {
    taken.listen(port, '127.0.0.1', () => resolve());
  });
  t.after(() => taken.close());
  const start = (args: string[], env: Record<string, string>) =>
    livePictor(t, { args, env: { PICTOR_SERVER_PROCESSES: '2', ...allowing(origin), ...env } }).then(
      () => 'it runs',
      (error: unknown) => String(error),
    );

  assert.match(
    await start(['imgproxy'], { IMGPROXY_KEY: '', IMGPROXY_SALT: '' }),
    /PICTOR_SERVER_PROCESSES = "?2"?\n\s+several processes share what they keep on disk: set cache\.dir as well/,
  );
  assert.match(
    await start(['serve'], { PICTOR_SERVER_BIND: `127.0.0.1:${port}` }),
    /cannot listen on .*another program listens there already/,
  );
});
