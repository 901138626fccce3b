/** Limits that cut pictures down instead of refusing them, changed between two starts on the same disk. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import sharp from 'sharp';
import { livePictor } from '../support/live-pictor.ts';
import { repositoryRoot } from '../support/repository.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const fixtures = path.join(repositoryRoot, 'test/fixtures');
const target = (name: string, format: string) =>
  `/imgproxy/unsafe/rs:fit:16:16/plain/local:///${name}@${format}`;

/** Starts on this disk with these limits, and looks at the variants of an animation and of a still. */
async function visit(t: TestContext, dir: string, limits: Readonly<Record<string, string>>) {
  const mounts = JSON.stringify([{ dialect: 'imgproxy', prefix: '/imgproxy' }]);
  const env = {
    PICTOR_MOUNTS: mounts,
    PICTOR_CACHE_DIR: dir,
    PICTOR_SOURCES_FILE_ROOT: fixtures,
    ...limits,
  };
  const pictor = await livePictor(t, { args: ['serve'], env });
  const look = async (name: string, format: string) => {
    const reply = await pictor.get(target(name, format));
    assert.equal(reply.status, 200, reply.body.toString('latin1', 0, 200));
    const { pages = 1 } = await sharp(reply.body).metadata();
    return { pages, body: reply.body };
  };
  const seen = { animation: await look('animated.gif', 'webp'), still: await look('photo.png', 'png') };
  const page = await (await fetch(`http://127.0.0.1:${pictor.adminPort}/metrics`)).text();
  const made = [...page.matchAll(/^pictor_transforms_total\S* (\d+)$/gm)].reduce(
    (sum, row) => sum + Number(row[1]),
    0,
  );
  assert.equal(await pictor.stop(), 0);
  return { ...seen, made };
}

test('a changed limit on frames reaches the animations it concerns, and nothing else', async (t) => {
  const dir = await temporaryFolder(t);
  const first = await visit(t, dir, { PICTOR_LIMITS_MAX_FRAMES: '2' });
  assert.deepEqual([first.animation.pages, first.made], [2, 2]);
  const second = await visit(t, dir, {});
  assert.ok(second.animation.pages > 2, `${second.animation.pages} frames`);
  assert.equal(second.made, 1, 'the still was not made again');
  assert.deepEqual(second.still.body, first.still.body);
  const third = await visit(t, dir, { PICTOR_LIMITS_MAX_PIXELS: '1000000' });
  assert.equal(third.made, 0, 'what cannot change a picture makes nothing anew');
  assert.deepEqual(third.animation.body, second.animation.body);
});
