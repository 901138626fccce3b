/** What imgproxy's mode does over several requests: fallback image, raw streaming, cookies, assets at the start. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import path from 'node:path';
import { execPath } from 'node:process';
import { type TestContext, test } from 'node:test';
import {
  drawing,
  liveOrigin,
  livePictor,
  metric,
  requestLines,
  shapeOf,
  until,
} from '../support/live-pictor.ts';
import type { Origin } from '../support/origin.ts';
import type { PictorProcess } from '../support/pictor-process.ts';
import { repositoryRoot } from '../support/repository.ts';

const picture = await drawing({ width: 90, height: 60, colour: 'teal' });
const standIn = await drawing({ width: 40, height: 40, colour: 'red' });

type Env = Readonly<Record<string, string>>;

async function stage(t: TestContext, env: Env = {}): Promise<{ origin: Origin; pictor: PictorProcess }> {
  const origin = await liveOrigin(t);
  const pictor = await livePictor(t, {
    args: ['imgproxy'],
    bind: 'IMGPROXY_BIND',
    env: { IMGPROXY_ALLOW_LOOPBACK_SOURCE_ADDRESSES: 'true', ...env },
  });
  return { origin, pictor };
}

const target = (source: string, options = 'w:20') => `/unsafe/${options}/plain/${source}`;

test('a fallback image is shown until the picture is there, and never in its place', async (t) => {
  const { origin, pictor } = await stage(t, {
    IMGPROXY_FALLBACK_IMAGE_DATA: standIn.toString('base64'),
    IMGPROXY_FALLBACK_IMAGE_HTTP_CODE: '0',
  });
  let isBroken = true;
  origin.route('/a.png', () => (isBroken ? { status: 503 } : { body: picture, etag: '"1"' }));
  const place = target(`${origin.url}/a.png`);
  const replies = await Promise.all([pictor.get(place), pictor.get(place), pictor.get(place)]);
  for (const reply of replies) {
    assert.equal(reply.status, 502);
    assert.equal(await shapeOf({ ...reply, status: 200 }), 'png 20x20');
    assert.deepEqual([reply.headers['etag'], reply.headers['cache-control']], [undefined, undefined]);
  }
  assert.equal(origin.count('/a.png'), 1, 'asked once, and the failure remembered');
  const line = () => requestLines(pictor).find(({ fallback }) => fallback === true);
  await until('the log tells of it', () => line() !== undefined);
  assert.deepEqual([line()?.['error'], line()?.['status']], ['SOURCE_FAILED', 502]);

  isBroken = false;
  await until('the picture itself is served', async () => (await pictor.get(place)).status === 200);
  const real = await pictor.get(place);
  assert.deepEqual([await shapeOf(real), real.headers['etag']], ['png 20x13', '"1"']);
});

test('a stale copy goes before the fallback image', async (t) => {
  const { origin, pictor } = await stage(t, {
    IMGPROXY_FALLBACK_IMAGE_DATA: standIn.toString('base64'),
    PICTOR_FRESHNESS_DEFAULT_SECONDS: '0',
    PICTOR_FRESHNESS_STALE_WHILE_REVALIDATE_SECONDS: '0',
  });
  origin.route('/a.png', (_, earlier) => (earlier > 0 ? { status: 500 } : { body: picture }));
  assert.equal(await shapeOf(await pictor.get(target(`${origin.url}/a.png`))), 'png 20x13');
  assert.equal(await shapeOf(await pictor.get(target(`${origin.url}/a.png`))), 'png 20x13');
  assert.equal(origin.count('/a.png'), 2);
});

for (const [name, value, complaint] of [
  ['IMGPROXY_WATERMARK_PATH', '/nowhere/mark.png', /there is no such file/],
  ['IMGPROXY_FALLBACK_IMAGE_DATA', '!!!', /expected base64/],
  ['IMGPROXY_FALLBACK_IMAGE_DATA', Buffer.from('no picture').toString('base64'), /not an image/],
  ['IMGPROXY_FALLBACK_IMAGE_URL', 'http://127.0.0.1:9/a.png', /ECONNREFUSED/],
] as const) {
  test(`the start ends at a picture that cannot be used, and names ${name}`, () => {
    const { status, stderr } = spawnSync(execPath, [path.join(repositoryRoot, 'bin/pictor.js'), 'imgproxy'], {
      env: { IMGPROXY_BIND: '127.0.0.1:0', [name]: value },
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.notEqual(status, 0);
    assert.match(stderr, new RegExp(`^ {2}${name}\\b`, 'm'));
    assert.match(stderr, complaint);
  });
}

test('an image of the operator may come from a host that sources may not', async (t) => {
  const origin = await liveOrigin(t);
  origin.route('/fallback.png', { body: standIn, headers: { 'cache-control': 'max-age=11' } });
  const pictor = await livePictor(t, {
    args: ['imgproxy'],
    bind: 'IMGPROXY_BIND',
    env: {
      IMGPROXY_FALLBACK_IMAGE_URL: `${origin.url}/fallback.png`,
      IMGPROXY_CACHE_CONTROL_PASSTHROUGH: 'true',
    },
  });
  const reply = await pictor.get(target(`${origin.url}/fallback.png`));
  assert.equal(await shapeOf(reply), 'png 20x20');
  assert.equal(reply.headers['cache-control'], 'max-age=11');
  assert.equal(origin.count(), 1);
});

test('raw: a client that leaves ends the transfer, one that does not read holds it up', async (t) => {
  const { origin, pictor } = await stage(t);
  origin.route('/endless', { body: Buffer.alloc(65_536), endless: true });
  const socket = connect(pictor.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(`GET ${target(`${origin.url}/endless`, 'raw:1')} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  await origin.untilConnections(1);
  const memory = () => metric(pictor, 'process_resident_memory_bytes');
  const before = await memory();
  for (let look = 0; look < 10; look++) await memory();
  assert.ok((await memory()) - before < 64 * 1024 * 1024, 'nothing piles up');
  socket.destroy();
  await origin.untilConnections(0);
});

test('raw: an answer that breaks off is not taken for whole, and the log says so', async (t) => {
  const { origin, pictor } = await stage(t);
  origin.route('/cut', { body: Buffer.alloc(1000, 1), truncateAt: 500 });
  const reply = await pictor.get(target(`${origin.url}/cut`, 'raw:1'));
  assert.deepEqual([reply.headers['content-length'], reply.body.length < 1000], ['1000', true]);
  await until('the log tells of it', () =>
    requestLines(pictor).some(({ error }) => error === 'SOURCE_TRUNCATED'),
  );
});

test('cookies: nobody gets what was made with those of another', async (t) => {
  const { origin, pictor } = await stage(t, { IMGPROXY_COOKIE_PASSTHROUGH: 'true' });
  const pictures: Readonly<Record<string, Buffer>> = { 'user=ann': picture, 'user=bob': standIn };
  origin.route('/a.png', ({ headers }) => {
    const body = pictures[headers.cookie ?? ''];
    return body === undefined
      ? { status: 401 }
      : { body, headers: { 'cache-control': 'public, max-age=600' } };
  });
  const place = target(`${origin.url}/a.png`);
  const as = async (Cookie: string) => pictor.get(place, { Cookie });
  const ann = await as('user=ann');
  assert.equal(await shapeOf(ann), 'png 20x13');
  assert.deepEqual(
    [ann.headers['cache-control'], ann.headers['vary']],
    ['max-age=31536000, private', 'Cookie'],
  );
  assert.equal(await shapeOf(await as('user=bob')), 'png 20x20');
  assert.equal((await pictor.get(place)).status, 401);
  assert.equal(await shapeOf(await as('user=ann')), 'png 20x13');
  assert.equal(origin.count('/a.png'), 4, 'nothing of it was kept');
});

test('cookies: a source of another site gets none, and its pictures are shared as ever', async (t) => {
  const { origin, pictor } = await stage(t, {
    IMGPROXY_COOKIE_PASSTHROUGH: 'true',
    IMGPROXY_COOKIE_BASE_URL: 'https://example.com/',
  });
  origin.route('/a.png', { body: picture });
  const place = target(`${origin.url}/a.png`);
  for (const Cookie of ['user=ann', 'user=bob']) {
    const reply = await pictor.get(place, { Cookie });
    assert.deepEqual(
      [await shapeOf(reply), reply.headers['cache-control'], reply.headers['vary']],
      ['png 20x13', 'max-age=31536000, public', undefined],
    );
  }
  assert.deepEqual([origin.count('/a.png'), origin.requests[0]?.headers.cookie], [1, undefined]);
});

test('negotiated pictures of one URL have tags of their own', async (t) => {
  const { origin, pictor } = await stage(t, { IMGPROXY_AUTO_WEBP: 'true' });
  origin.route('/a.png', { body: picture, etag: '"src"', lastModified: 'Mon, 02 Jan 2023 03:04:05 GMT' });
  const place = target(`${origin.url}/a.png`);
  const webp = { Accept: 'image/webp' };
  const plain = await pictor.get(place);
  assert.equal(plain.headers['etag'], '"src"');
  const chosen = await pictor.get(place, webp);
  const tag = chosen.headers['etag']!;
  assert.ok(tag !== '"src"' && chosen.headers['last-modified'] === undefined);
  const status = async (headers: Env) => (await pictor.get(place, headers)).status;
  assert.equal(await status({ ...webp, 'If-None-Match': tag }), 304);
  assert.equal(await status({ 'If-None-Match': '"src"' }), 304);
  assert.equal(await status({ ...webp, 'If-None-Match': '"src"' }), 200);
  assert.equal(await status({ ...webp, 'If-Modified-Since': 'Mon, 02 Jan 2023 03:04:05 GMT' }), 200);
  assert.equal(await status({ 'If-None-Match': tag }), 200);
  assert.equal(origin.count(), 1);
});
