/** Several variants of a large photo at once: it is decoded once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { allowing, liveOrigin, livePictor, metric, nativeTarget } from '../support/live-pictor.ts';

const photo = () =>
  sharp({ create: { width: 3200, height: 2400, channels: 3, background: '#4a7' } })
    .jpeg()
    .toBuffer();

const variants = [160, 240, 320, 480, 640, 750].flatMap((width) =>
  (['jpg', 'webp'] as const).map((format) => ({ width, format })),
);

test('twelve variants of a photo at once: all come, of one decode; later ones need none', async (context) => {
  const origin = await liveOrigin(context);
  // All wait for it, and so come to the gate together.
  origin.route('/photo.jpg', { body: await photo(), delayMs: 500 });
  const pictor = await livePictor(context, { args: ['serve'], env: allowing(origin) });
  const targetOf = ({ width, format }: (typeof variants)[number]) =>
    nativeTarget(`${origin.url}/photo.jpg`, `rs:fit:${width}:0`, format);

  const replies = await Promise.all(variants.map((variant) => pictor.get(targetOf(variant))));
  for (const [index, { status, body }] of replies.entries()) {
    assert.equal(status, 200, body.toString('latin1', 0, 100));
    const { width, height } = await sharp(body).metadata();
    assert.deepEqual([width, height], [variants[index]!.width, Math.round(variants[index]!.width * 0.75)]);
  }
  assert.equal(await metric(pictor, 'pictor_transforms_total'), 12);
  assert.equal(await metric(pictor, 'pictor_transforms_reused_total'), 11);

  assert.equal((await pictor.get(targetOf({ width: 300, format: 'jpg' }))).status, 200);
  assert.equal(await metric(pictor, 'pictor_transforms_reused_total'), 12);
  // Wider than they are good for.
  assert.equal((await pictor.get(targetOf({ width: 2000, format: 'jpg' }))).status, 200);
  assert.equal(await metric(pictor, 'pictor_transforms_reused_total'), 12);
});

test('without mezzanines each is made of the original', async (context) => {
  const origin = await liveOrigin(context);
  origin.route('/photo.jpg', { body: await photo(), delayMs: 500 });
  const env = { ...allowing(origin), PICTOR_CACHE_MEZZANINES: '0' };
  const pictor = await livePictor(context, { args: ['serve'], env });
  const targets = [160, 320, 640].map((width) =>
    nativeTarget(`${origin.url}/photo.jpg`, `rs:fit:${width}:0`, 'jpg'),
  );
  for (const { status } of await Promise.all(targets.map((target) => pictor.get(target))))
    assert.equal(status, 200);
  assert.equal(await metric(pictor, 'pictor_transforms_total'), 3);
  assert.equal(await metric(pictor, 'pictor_transforms_reused_total'), 0);
});
