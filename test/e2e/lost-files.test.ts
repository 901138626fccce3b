/** Stored files that go while they are needed: the pictures they were for do not fail. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import sharp from 'sharp';
import { allowing, liveOrigin, livePictor, metric, nativeTarget, shapeOf } from '../support/live-pictor.ts';
import type { Origin } from '../support/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const count = 16;

/** Pictures that no format makes small: about 30 kB each. */
async function startNoisyOrigin(t: TestContext): Promise<Origin> {
  const origin = await liveOrigin(t);
  for (let index = 0; index < count; index++) {
    const noise = { type: 'gaussian', mean: 100 + index, sigma: 40 } as const;
    const body = await sharp({ create: { width: 120, height: 80, channels: 3, background: 'black', noise } })
      .png()
      .toBuffer();
    origin.route(`/${index}.png`, { body, headers: { 'cache-control': 'max-age=3600' } });
  }
  return origin;
}

const targets = (origin: Origin, height: number) =>
  Array.from({ length: count * 3 }, (_, index) =>
    nativeTarget(`${origin.url}/${index % count}.png`, `rs:force:${20 + (index % 3)}:${height}`),
  );

for (const room of ['100KiB', '0']) {
  test(`a store of ${room} for originals, too small for what is in flight, costs fetches and no picture`, async (t) => {
    const origin = await startNoisyOrigin(t);
    const env = { ...allowing(origin), PICTOR_CACHE_ORIGINALS: room, PICTOR_ADMISSION_PROCESS_QUEUE: '500' };
    const pictor = await livePictor(t, { args: ['serve'], env });
    for (const height of [10, 11]) {
      const wanted = targets(origin, height);
      const replies = await Promise.all(wanted.map((target) => pictor.get(target)));
      for (const reply of replies) assert.match(await shapeOf(reply), new RegExp(`^png 2[012]x${height}$`));
    }
    assert.equal(await metric(pictor, 'pictor_transforms_total'), count * 6);
    assert.equal(await metric(pictor, 'pictor_errors_total'), 0);
    if (room === '0') assert.equal(await metric(pictor, 'pictor_fetches_total'), origin.count());
  });
}

test('a cache folder that somebody empties under the running server is filled again', async (t) => {
  const dir = await temporaryFolder(t);
  const origin = await startNoisyOrigin(t);
  const env = {
    ...allowing(origin),
    PICTOR_CACHE_DIR: dir,
    PICTOR_CACHE_MEMORY: '0',
    PICTOR_ADMISSION_PROCESS_QUEUE: '500',
  };
  const pictor = await livePictor(t, { args: ['serve'], env });
  const ask = async (height: number) => {
    const replies = await Promise.all(targets(origin, height).map((target) => pictor.get(target)));
    for (const reply of replies) assert.match(await shapeOf(reply), new RegExp(`^png 2[012]x${height}$`));
    return replies.map(({ body }) => body);
  };
  const before = await ask(10);
  for (const store of ['variants', 'originals'])
    await rm(path.join(dir, store, 'blobs'), { recursive: true, maxRetries: 5 });
  assert.deepEqual(await ask(10), before, 'what was there is made again');
  // New files come as fast as old ones go: whether the folder itself goes does not matter.
  const emptied = rm(path.join(dir, 'originals/blobs'), { recursive: true, force: true }).catch(() => {});
  await Promise.all([ask(11), emptied]);
  assert.equal(await metric(pictor, 'pictor_errors_total'), 0);
  assert.equal(await pictor.stop(), 0);
});
