/**
 * Formats that take too long to wait for, and pictures that are encoded once more, on the running program: what is given at
 * once, what follows, and that requests never stand behind it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  allowing,
  drawing,
  holdWorker,
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
import { perceptualDistance } from '../support/perceptual.ts';
import type { PictorProcess } from '../support/pictor-process.ts';
import { repositoryRoot } from '../support/repository.ts';
import { ssim } from '../support/ssim.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const photo = readFileSync(path.join(repositoryRoot, 'samples/marbles.jpg'));
const mounts = [{ dialect: 'imgproxy', prefix: '/imgproxy', settings: { autoFormats: ['avif', 'webp'] } }];
const anything = { Accept: 'image/avif,image/webp,*/*' };
const webpOnly = { Accept: 'image/webp,*/*' };

async function stage(t: TestContext) {
  const origin = await liveOrigin(t);
  const headers = { 'cache-control': 'max-age=3600' };
  origin.route('/photo.jpg', {
    body: photo,
    etag: '"1"',
    lastModified: 'Mon, 02 Jan 2023 03:04:05 GMT',
    headers,
  });
  // Without validators of its source a picture shows its own.
  origin.route('/plain.jpg', { body: photo, headers });
  for (const colour of ['red', 'green', 'blue', 'gold'])
    origin.route(`/${colour}.png`, { body: await drawing({ width: 90, height: 60, colour }), headers });
  const start = (env: Readonly<Record<string, string>> = {}) =>
    livePictor(t, {
      args: ['serve'],
      env: {
        ...allowing(origin),
        PICTOR_MOUNTS: JSON.stringify(mounts),
        PICTOR_ENCODING_STAND_IN_SECONDS: '1',
        PICTOR_ENGINE_WORKERS: '1',
        ...env,
      },
    });
  return { origin, start };
}

type Stage = Awaited<ReturnType<typeof stage>>;

const automatic = ({ origin }: Stage, options: string, name = 'photo.jpg') =>
  `/imgproxy/unsafe/${options}/plain/${origin.url}/${name}`;
/** Three megapixels. */
const large = 'rs:fit:2000:1500/el:1';

const idle = (pictor: PictorProcess, work: string, what: string) =>
  metric(pictor, 'pictor_idle_work_total', { work, what });
const made = (pictor: PictorProcess, to: string) => metric(pictor, 'pictor_transforms_total', { to });

test('a large AVIF is answered as WebP for a short while, and as AVIF from then on', async (t) => {
  const scene = await stage(t);
  const pictor = await scene.start();
  const target = automatic(scene, large);

  const first = await pictor.get(target, anything);
  assert.equal(await shapeOf(first), 'webp 2000x1500');
  assert.equal(first.headers['cache-control'], 'max-age=1, public');
  assert.equal(first.headers['vary'], 'Accept');
  assert.equal(first.headers['last-modified'], undefined);
  const tag = first.headers['etag']!;

  await t.test('which is the very picture of clients that take no AVIF, with its usual age', async () => {
    const plain = await pictor.get(target, webpOnly);
    assert.equal(plain.headers['etag'], tag);
    assert.equal(plain.headers['cache-control'], 'max-age=31536000, public');
    assert.deepEqual(plain.body, first.body);
    assert.equal(await made(pictor, 'webp'), 1);
  });

  let avif = first;
  await until('AVIF is there', async () => {
    avif = await pictor.get(target, anything);
    return avif.headers['content-type'] === 'image/avif';
  });
  assert.equal(await shapeOf(avif), 'heif 2000x1500');
  assert.equal(avif.headers['cache-control'], 'max-age=31536000, public');
  assert.notEqual(avif.headers['etag'], tag);
  assert.ok((await ssim(first.body, avif.body)) > 0.9);
  assert.equal(await idle(pictor, 'slow-format', 'done'), 1);
  assert.deepEqual([await made(pictor, 'avif'), await made(pictor, 'webp')], [1, 1]);

  await t.test('who holds the WebP gets the AVIF; who holds that is told so', async () => {
    const before = await pictor.get(target, { ...anything, 'If-None-Match': tag });
    assert.equal(before.headers['content-type'], 'image/avif');
    const after = await pictor.get(target, { ...anything, 'If-None-Match': avif.headers['etag']! });
    assert.equal(after.status, 304);
  });

  await t.test('JPEG for those who take neither, WebP for those who take no AVIF, as ever', async () => {
    assert.equal((await pictor.get(target)).headers['content-type'], 'image/jpeg');
    assert.equal((await pictor.get(target, webpOnly)).headers['etag'], tag);
  });
  assert.equal(scene.origin.count('/photo.jpg'), 1);
});

test('who asks for AVIF gets AVIF, whatever it costs; and so does everybody where it is small, or the budget is', async (t) => {
  const scene = await stage(t);
  const pictor = await scene.start();
  const explicit = nativeTarget(`${scene.origin.url}/photo.jpg`, large, 'avif');
  const named = await pictor.get(explicit, anything);
  assert.equal(await shapeOf(named), 'heif 2000x1500');
  assert.equal(named.headers['cache-control'], 'max-age=31536000, public');
  const small = await pictor.get(automatic(scene, 'rs:fit:640:480'), anything);
  assert.equal(await shapeOf(small), 'heif 640x480');
  assert.equal(await idle(pictor, 'slow-format', 'queued'), 0);

  const patient = await scene.start({ PICTOR_ENCODING_BUDGET_MILLISECONDS: '0' });
  assert.equal(await shapeOf(await patient.get(automatic(scene, large), anything)), 'heif 2000x1500');
  const hasty = await scene.start({ PICTOR_ENCODING_BUDGET_MILLISECONDS: '10' });
  assert.equal(await shapeOf(await hasty.get(automatic(scene, 'rs:fit:640:480'), anything)), 'webp 640x480');
});

/** The worker that was started besides the one there was. */
async function spareOf(pictor: PictorProcess, before: readonly number[]): Promise<number> {
  let found: number | undefined;
  await until('there is a worker to spare', () => {
    found = workersOf(pictor).find((pid) => !before.includes(pid));
    return found !== undefined;
  });
  return found!;
}

/** Field 19 of /proc/<pid>/stat (proc(5)). */
const niceOf = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[16]);
};

test('requests do not stand behind idle work, and it ends with the server', {
  skip: needsProcessList,
}, async (t) => {
  const scene = await stage(t);
  const pictor = await scene.start();
  await pictor.get(automatic(scene, 'rs:fit:10:10', 'gold.png'));
  const regular = workersOf(pictor);
  await pictor.get(automatic(scene, large), anything);
  const spare = await spareOf(pictor, regular);
  const goOn = await holdWorker(t, spare);
  assert.equal(niceOf(spare), 19);
  const others = ['red', 'green', 'blue'].flatMap((name) =>
    [20, 30, 40].map((width) => automatic(scene, `rs:fit:${width}:${width}`, `${name}.png`)),
  );
  for (const reply of await Promise.all(others.map((target) => pictor.get(target))))
    assert.equal(reply.status, 200);
  assert.equal(await idle(pictor, 'slow-format', 'done'), 0);
  goOn();
  await until('AVIF is made', async () => (await idle(pictor, 'slow-format', 'done')) === 1);

  await t.test('a server that stops does not wait for it', async (t) => {
    await pictor.get(automatic(scene, 'rs:fit:2100:1500/el:1'), anything);
    await holdWorker(t, await spareOf(pictor, regular));
    assert.equal(await pictor.stop(), 0);
    assert.equal(isAlive(spare), false);
  });
});

test('a server that dies in the middle begins again with the next request, and makes no stand-in twice', {
  skip: needsProcessList,
}, async (t) => {
  const scene = await stage(t);
  const env = { PICTOR_CACHE_DIR: await temporaryFolder(t) };
  const target = automatic(scene, large);
  const first = await scene.start(env);
  await first.get(automatic(scene, 'rs:fit:10:10', 'gold.png'));
  const regular = workersOf(first);
  const tag = (await first.get(target, anything)).headers['etag'];
  await holdWorker(t, await spareOf(first, regular));
  await first.kill();

  const second = await scene.start(env);
  const meanwhile = await second.get(target, anything);
  assert.equal(meanwhile.headers['content-type'], 'image/webp');
  assert.equal(meanwhile.headers['etag'], tag);
  assert.equal(await made(second, 'webp'), 0);
  await until(
    'AVIF is there',
    async () => (await second.get(target, anything)).headers['content-type'] === 'image/avif',
  );
  assert.equal(await second.stop(), 0);

  const third = await scene.start(env);
  assert.equal((await third.get(target, anything)).headers['content-type'], 'image/avif');
  assert.equal(await idle(third, 'slow-format', 'queued'), 0);
  assert.equal(scene.origin.count('/photo.jpg'), 1);
});

test('encoded once more where that is switched on: smaller, and to the eye the same', async (t) => {
  const scene = await stage(t);
  const pictor = await scene.start({ PICTOR_ENCODING_REENCODE: 'true' });
  const exact = await pictor.get(nativeTarget(`${scene.origin.url}/plain.jpg`, 'rs:fit:400:300', 'png'));
  for (const format of ['jpg', 'webp', 'avif']) {
    await t.test(format, async () => {
      const target = nativeTarget(`${scene.origin.url}/plain.jpg`, 'rs:fit:400:300', format);
      const first = await pictor.get(target);
      const tag = first.headers['etag']!;
      let better = await pictor.get(target);
      assert.equal(better.headers['etag'], tag);
      await until('it is smaller', async () => {
        better = await pictor.get(target, { 'If-None-Match': tag });
        return better.status === 200;
      });
      assert.equal(better.headers['content-type'], first.headers['content-type']);
      assert.equal(better.headers['cache-control'], first.headers['cache-control']);
      assert.ok(better.body.length < first.body.length, `${better.body.length} < ${first.body.length}`);
      assert.ok((await perceptualDistance(first.body, better.body)) < 1.5);
      const [before, after] = [await ssim(exact.body, first.body), await ssim(exact.body, better.body)];
      assert.ok(after > before - 0.006, `${after} after ${before}`);
      assert.equal((await pictor.get(target, { 'If-None-Match': better.headers['etag'] })).status, 304);
    });
  }
  await t.test('and nothing that has no loss', async () => {
    const target = nativeTarget(`${scene.origin.url}/plain.jpg`, 'rs:fit:400:300', 'png');
    assert.equal((await pictor.get(target)).headers['etag'], exact.headers['etag']);
    assert.equal(await idle(pictor, 're-encode', 'queued'), 3);
  });
});
