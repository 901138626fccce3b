/** Conditions, parts, methods and headers, on the running program (RFC 9110 sections 9, 13 and 14). */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  allowing,
  drawing,
  liveOrigin,
  livePictor,
  metric,
  nativeTarget,
  shapeOf,
} from '../support/live-pictor.ts';
import type { PictorProcess, RawReply } from '../support/pictor-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const picture = await drawing({ width: 90, height: 60, colour: 'teal' });
const modified = 'Mon, 02 Jan 2023 03:04:05 GMT';
const earlier = 'Sun, 01 Jan 2023 00:00:00 GMT';
const later = 'Tue, 03 Jan 2023 00:00:00 GMT';

/** One server with a mount for each way of speaking, and an origin with one picture. */
async function stage(t: TestContext, env: Readonly<Record<string, string>> = {}) {
  const origin = await liveOrigin(t);
  const headers = { 'cache-control': 'max-age=3600' };
  origin.route('/a.png', { body: picture, etag: '"1"', lastModified: modified, headers });
  origin.route('/dateless.png', { body: picture, etag: '"1"', headers });
  const mounts = [
    { dialect: 'imgproxy', prefix: '/imgproxy' },
    { dialect: 'imgproxy', prefix: '/drop-in', settings: { fixedHead: true } },
    {
      dialect: 'imgproxy',
      prefix: '/open',
      settings: { allowOrigin: 'https://shop.example', autoFormats: ['webp'] },
    },
    { dialect: 'imgproxy', prefix: '/v1', settings: { compat: 'v1', useEtag: true } },
  ];
  const pictor = await livePictor(t, {
    args: ['serve'],
    env: { ...allowing(origin), PICTOR_MOUNTS: JSON.stringify(mounts), ...env },
  });
  return { origin, pictor, target: nativeTarget(`${origin.url}/a.png`) };
}

/** A 304 says what a cache has to know and nothing of a body. */
function isNotModified(reply: RawReply, etag: string): void {
  assert.deepEqual([reply.status, reply.body.length], [304, 0]);
  assert.equal(reply.headers['etag'], etag);
  assert.ok(reply.headers['cache-control']);
  assert.equal(reply.headers['content-type'], undefined);
  assert.equal(reply.headers['transfer-encoding'], undefined);
}

test('what the client holds is not made again, not even by a server that has no picture yet', async (t) => {
  const dir = await temporaryFolder(t);
  const options = { PICTOR_CACHE_DIR: dir };
  const { origin, pictor, target } = await stage(t, options);
  const { headers } = await pictor.get(target);
  const etag = headers['etag']!;
  assert.match(etag, /^"[^"]+"$/);
  assert.equal(await pictor.stop(), 0);

  await t.test('with the original at hand nothing is fetched either', async (t) => {
    await rm(path.join(dir, 'variants'), { recursive: true });
    const cold = await livePictor(t, { args: ['serve'], env: { ...allowing(origin), ...options } });
    isNotModified(await cold.get(target, { 'If-None-Match': etag }), etag);
    isNotModified(await cold.get(target, { 'If-None-Match': `"x,y", W/${etag} , "z"` }), etag);
    isNotModified(await cold.get(target, { 'If-Modified-Since': modified }), etag);
    assert.equal(origin.count(), 1);
    assert.equal(await metric(cold, 'pictor_transforms_total'), 0);
    assert.equal((await cold.get(target)).headers['etag'], etag);
  });

  await t.test('with nothing at hand one fetch is enough', async (t) => {
    const bare = await livePictor(t, { args: ['serve'], env: allowing(origin) });
    isNotModified(await bare.get(target, { 'If-None-Match': etag }), etag);
    assert.equal(origin.count(), 2);
    assert.equal(await metric(bare, 'pictor_transforms_total'), 0);
  });
});

test('one server', async (t) => {
  const { origin, pictor, target } = await stage(t);
  const made = await pictor.get(target);
  const etag = made.headers['etag']!;
  const size = made.body.length;
  assert.equal(await shapeOf(made), 'png 64x43');

  await t.test('If-None-Match: lists, weak tags, the star', async () => {
    const holding = [etag, `W/${etag}`, `"a", ${etag}`, `"a,b",W/"c" ,W/${etag}`, '*', etag.slice(1, -1)];
    for (const value of holding) isNotModified(await pictor.get(target, { 'If-None-Match': value }), etag);
    const other = ['"x"', 'W/"x"', `"${etag.slice(1, -1)}x"`, `"x${etag.slice(1)}`, '""', '","'];
    for (const value of other) {
      const reply = await pictor.get(target, { 'If-None-Match': value });
      assert.deepEqual([reply.status, reply.body.length], [200, size], value);
    }
  });

  await t.test('If-Modified-Since counts where there is no If-None-Match', async () => {
    assert.equal(made.headers['last-modified'], modified);
    const statuses = async (headers: Record<string, string>) => (await pictor.get(target, headers)).status;
    assert.equal(await statuses({ 'If-Modified-Since': modified }), 304);
    assert.equal(await statuses({ 'If-Modified-Since': later }), 304);
    assert.equal(await statuses({ 'If-Modified-Since': earlier }), 200);
    assert.equal(await statuses({ 'If-Modified-Since': 'yesterday' }), 200);
    assert.equal(await statuses({ 'If-Modified-Since': later, 'If-None-Match': '"x"' }), 200);
    assert.equal(await statuses({ 'If-Modified-Since': earlier, 'If-None-Match': etag }), 304);
    const dateless = nativeTarget(`${origin.url}/dateless.png`);
    const reply = await pictor.get(dateless, { 'If-Modified-Since': later });
    assert.deepEqual([reply.status, reply.headers['last-modified']], [200, undefined]);
  });

  await t.test('Range: parts, ends, and what lies outside', async () => {
    assert.equal(made.headers['accept-ranges'], 'bytes');
    const parts: [range: string, first: number, last: number][] = [
      ['bytes=0-9', 0, 9],
      ['bytes=10-', 10, size - 1],
      ['bytes=-7', size - 7, size - 1],
      ['bytes=5-999999999', 5, size - 1],
      [`bytes=-${size * 2}`, 0, size - 1],
    ];
    for (const [range, first, last] of parts) {
      const reply = await pictor.get(target, { Range: range });
      assert.equal(reply.status, 206, range);
      assert.equal(reply.headers['content-range'], `bytes ${first}-${last}/${size}`);
      assert.equal(reply.headers['content-length'], String(last - first + 1));
      assert.deepEqual(reply.body, made.body.subarray(first, last + 1));
      assert.deepEqual([reply.headers['etag'], reply.headers['content-type']], [etag, 'image/png']);
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0']) {
      const reply = await pictor.get(target, { Range: range });
      assert.deepEqual(
        [reply.status, reply.headers['content-range'], reply.body.length],
        [416, `bytes */${size}`, 0],
      );
    }
    for (const range of ['bytes=0-1,3-4', 'lines=0-1', 'bytes=9-3', 'bytes=', 'x']) {
      const reply = await pictor.get(target, { Range: range });
      assert.deepEqual([reply.status, reply.body.length], [200, size], range);
    }
  });

  await t.test('If-Range: the part only of the very same picture', async () => {
    // Version 1 sends our tags, which name the picture.
    const source = Buffer.from(`${origin.url}/a.png`).toString('base64url');
    const ours = `/v1/unsafe/fit/64/64/ce/0/${source}.png`;
    const tag = (await pictor.get(ours)).headers['etag']!;
    const status = async (condition: string, of = ours) =>
      (await pictor.get(of, { Range: 'bytes=0-9', 'If-Range': condition })).status;
    assert.equal(await status(tag), 206);
    assert.equal(await status('"x"'), 200);
    assert.equal(await status(`W/${tag}`), 200, 'a weak tag does not do');
    assert.equal(await status(earlier), 200);
    const both = await pictor.get(ours, { Range: 'bytes=0-9', 'If-None-Match': tag });
    assert.equal(both.status, 304, 'a condition goes before a range');
    // What the source says of itself does not say that our bytes are the same.
    assert.equal(etag, '"1"');
    assert.equal(await status(etag, target), 200);
    assert.equal(await status(modified, target), 200);
  });

  await t.test('a picture that is not made yet is answered in parts too', async () => {
    const fresh = nativeTarget(`${origin.url}/a.png`, 'rs:fit:31:31');
    const part = await pictor.get(fresh, { Range: 'bytes=0-3' });
    assert.deepEqual([part.status, part.body], [206, made.body.subarray(0, 4)]);
  });

  await t.test(
    'HEAD: the headers of a GET where the dialect looks, a fixed answer where it does not',
    async () => {
      const source = Buffer.from(`${origin.url}/a.png`).toString('base64url');
      const v4 = nativeTarget(`${origin.url}/a.png`, 'rs:fit:32:32');
      const [asHead, asGet] = [await pictor.send('HEAD', v4), await pictor.get(v4)];
      assert.deepEqual(
        [asHead.status, asHead.body.length, asHead.headers['content-type'], asHead.headers['content-length']],
        [200, 0, 'image/png', String(asGet.body.length)],
      );
      const v1 = `/v1/unsafe/fit/40/40/ce/0/${source}.png`;
      const head = await pictor.send('HEAD', v1);
      const get = await pictor.get(v1);
      assert.equal(await shapeOf(get), 'png 40x27');
      assert.deepEqual([head.status, head.body.length], [200, 0]);
      for (const name of ['content-type', 'content-length', 'etag'])
        assert.equal(head.headers[name], get.headers[name], name);
      assert.equal(head.headers['content-length'], String(get.body.length));
      const ranged = await pictor.send('HEAD', v1, { Range: 'bytes=0-3' });
      assert.deepEqual([ranged.status, ranged.headers['content-length']], [200, String(get.body.length)]);
      isNotModified(
        await pictor.send('HEAD', v1, { 'If-None-Match': get.headers['etag']! }),
        get.headers['etag']!,
      );
      const fixed = await pictor.send(
        'HEAD',
        nativeTarget(`${origin.url}/nowhere.png`).replace('/imgproxy/', '/drop-in/'),
      );
      assert.deepEqual([fixed.status, fixed.body.length, origin.count('/nowhere.png')], [200, 0, 0]);
    },
  );

  await t.test('OPTIONS and CORS', async () => {
    const place = nativeTarget(`${origin.url}/a.png`).replace('/imgproxy/', '/open/');
    for (const reply of [
      await pictor.send('OPTIONS', place),
      await pictor.get(place),
      await pictor.get('/open/x/y'),
    ]) {
      assert.equal(reply.headers['access-control-allow-origin'], 'https://shop.example');
      assert.equal(reply.headers['access-control-allow-methods'], 'GET, OPTIONS');
    }
    assert.equal((await pictor.send('OPTIONS', place)).status, 200);
    assert.equal(made.headers['access-control-allow-origin'], undefined, 'no CORS unless configured');
  });

  await t.test('Vary is sent whenever the answer could have been another', async () => {
    const open = `/open/unsafe/rs:fit:64:64/plain/${origin.url}/a.png`;
    const seen = new Map<string, RawReply>();
    for (const accept of ['image/webp,*/*', 'image/png', '*/*'])
      seen.set(accept, await pictor.get(open, { Accept: accept }));
    for (const [accept, reply] of seen) assert.match(reply.headers['vary'] ?? '', /\bAccept\b/i, accept);
    const types = [...seen.values()].map(({ headers }) => headers['content-type']);
    assert.deepEqual(types, ['image/webp', 'image/png', 'image/png']);
    const webp = seen.get('image/webp,*/*')!;
    assert.notEqual(webp.headers['etag'], seen.get('*/*')!.headers['etag']);
    const crossed = { Accept: 'image/png', 'If-None-Match': webp.headers['etag']! };
    assert.equal((await pictor.get(open, crossed)).status, 200, 'the tag of the other format is another tag');
    const again = await pictor.get(open, { Accept: 'image/webp,*/*' });
    assert.deepEqual(again.body, webp.body, 'a hit keeps to what the client takes');
    assert.match(again.headers['vary'] ?? '', /\bAccept\b/i);
    assert.equal(made.headers['vary'], undefined, 'no Vary where the format stands in the URL');
  });

  await t.test('every answer has a request id and headers that make it harmless', async () => {
    const answers: readonly (readonly [string, string, Record<string, string>])[] = [
      ['GET', target, {}],
      ['GET', target, { 'If-None-Match': etag }],
      ['GET', target, { Range: 'bytes=0-3' }],
      ['GET', target, { Range: 'bytes=999999-' }],
      ['GET', '/imgproxy/unsafe/nonsense', {}],
      ['GET', nativeTarget(`${origin.url}/missing.png`), {}],
      ['GET', '/nowhere', {}],
      ['POST', target, {}],
      ['OPTIONS', target, {}],
      ['HEAD', target, {}],
    ];
    for (const [method, place, headers] of answers) {
      const reply = await pictor.send(method, place, { ...headers, 'X-Request-ID': 'seen-from-outside' });
      const what = `${method} ${place} ${JSON.stringify(headers)}`;
      assert.equal(reply.headers['x-request-id'], 'seen-from-outside', what);
      assert.equal(reply.headers['x-content-type-options'], 'nosniff', what);
      assert.match(reply.headers['content-security-policy'] ?? '', /default-src 'none'.*sandbox/, what);
      if (reply.status >= 400) assert.equal(reply.headers['cache-control'], 'no-store', what);
    }
  });

  await t.test('a request id that could do harm is replaced by a new one, each time another', async () => {
    const ids = await requestIds(pictor, target, ['<script>', 'a b', 'x'.repeat(65), '']);
    assert.equal(new Set(ids).size, 4);
    for (const id of ids) assert.match(id, /^[\w-]{8,64}$/);
  });
});

const requestIds = (pictor: PictorProcess, target: string, incoming: readonly string[]): Promise<string[]> =>
  Promise.all(
    incoming.map(
      async (id) => (await pictor.get(target, { 'X-Request-ID': id })).headers['x-request-id'] ?? '',
    ),
  );
