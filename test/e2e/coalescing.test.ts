/** Many who ask at once: one fetch per source and one transform per variant, and everybody gets the very same bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { allowing, drawing, liveOrigin, livePictor, metric, nativeTarget } from '../support/live-pictor.ts';
import type { PictorProcess, RawReply } from '../support/pictor-process.ts';

const sources = ['red', 'orange', 'yellow', 'green', 'blue', 'purple', 'black'].map((colour, index) => ({
  colour,
  path: `/${colour}.png`,
  width: 60 + index * 4,
  height: 48,
}));

/** Every variant is told apart from the others of its source by what can be seen of it. */
const variants = [
  { options: 'rs:force:10:20', format: 'png', shape: 'png 10x20' },
  { options: 'rs:force:11:20', format: 'png', shape: 'png 11x20' },
  { options: 'rs:force:12:20', format: 'jpg', shape: 'jpeg 12x20' },
  { options: 'rs:force:13:20', format: 'jpg', shape: 'jpeg 13x20' },
  { options: 'rs:force:14:20', format: 'webp', shape: 'webp 14x20' },
  { options: 'rs:force:15:20', format: 'webp', shape: 'webp 15x20' },
  { options: 'rs:force:16:20', format: 'gif', shape: 'gif 16x20' },
  { options: 'rs:fill:17:20', format: 'png', shape: 'png 17x20' },
  { options: 'rs:fill:18:20', format: 'jpg', shape: 'jpeg 18x20' },
  { options: 'rs:fill:19:20/q:40', format: 'webp', shape: 'webp 19x20' },
  { options: 'rs:force:20:21', format: 'png', shape: 'png 20x21' },
];

interface Wanted {
  readonly target: string;
  readonly shape: string;
  readonly colour: string;
}

/** Neighbours ask for different things: a step that shares no factor with the number of URLs. */
const mixed = (urls: readonly Wanted[], total: number): Wanted[] =>
  Array.from({ length: total }, (_, index) => urls[(index * 37) % urls.length]!);

async function isRight({ body }: RawReply, { shape, colour, target }: Wanted): Promise<void> {
  const picture = sharp(body);
  const { format, width, height } = await picture.metadata();
  assert.equal(`${format} ${width}x${height}`, shape, target);
  const expected = await sharp({ create: { width: 1, height: 1, channels: 3, background: colour } })
    .raw()
    .toBuffer();
  const pixels = await picture.removeAlpha().toColourspace('srgb').raw().toBuffer();
  const last = [...pixels.subarray(-3)];
  for (const [channel, value] of last.entries())
    assert.ok(Math.abs(value - expected[channel]!) < 24, `${target}: ${last.join()}, not ${expected.join()}`);
}

async function askAll(pictor: PictorProcess, wanted: readonly Wanted[]): Promise<RawReply[]> {
  const replies = await Promise.all(wanted.map(({ target }) => pictor.get(target)));
  for (const [index, reply] of replies.entries())
    assert.equal(reply.status, 200, `${wanted[index]!.target}: ${reply.body.toString('latin1', 0, 100)}`);
  return replies;
}

test('1,000 requests at once with mixed keys: one fetch per source, one transform per variant, right bytes', async (t) => {
  const origin = await liveOrigin(t);
  for (const { path, ...picture } of sources)
    origin.route(path, { body: await drawing(picture), delayMs: 300 });
  const env = { ...allowing(origin), PICTOR_ADMISSION_PROCESS_QUEUE: '1000' };
  const pictor = await livePictor(t, { args: ['serve'], env });
  const urls = sources.flatMap(({ path, colour }) =>
    variants.map(({ options, format, shape }) => ({
      target: nativeTarget(origin.url + path, options, format),
      shape,
      colour,
    })),
  );
  const wanted = mixed(urls, 1000);

  const replies = await askAll(pictor, wanted);

  const first = new Map<string, RawReply>();
  for (const [index, reply] of replies.entries()) {
    const { target } = wanted[index]!;
    const reference = first.get(target);
    if (reference === undefined) {
      first.set(target, reply);
      continue;
    }
    assert.ok(reply.body.equals(reference.body), `${target}: two answers differ`);
    assert.equal(reply.headers['etag'], reference.headers['etag']);
    assert.equal(reply.headers['content-type'], reference.headers['content-type']);
  }
  assert.equal(first.size, urls.length);
  assert.equal(new Set([...first.values()].map(({ body }) => body.toString('base64'))).size, urls.length);
  assert.equal(new Set([...first.values()].map(({ headers }) => headers['etag'])).size, urls.length);
  for (const url of urls) await isRight(first.get(url.target)!, url);

  for (const { path } of sources) assert.equal(origin.count(path), 1, path);
  assert.equal(await metric(pictor, 'pictor_fetches_total'), sources.length);
  assert.equal(await metric(pictor, 'pictor_transforms_total'), urls.length);
  assert.equal(await metric(pictor, 'pictor_requests_total', { status: '200' }), 1000);

  await askAll(pictor, urls);
  assert.equal(origin.count(), sources.length, 'a second round fetches nothing');
  assert.equal(await metric(pictor, 'pictor_transforms_total'), urls.length, 'nor is anything made again');
});
