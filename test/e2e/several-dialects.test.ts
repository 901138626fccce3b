/** The example of five languages behind one address, run as it stands but for its folders and the host of its originals. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { parse } from 'yaml';
import { signUrl } from '../../src/client/index.ts';
import { post } from '../support/keeping-pictor.ts';
import { allowing, drawing, liveOrigin, livePictor, metric, shapeOf, until } from '../support/live-pictor.ts';
import { repositoryRoot } from '../support/repository.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const example = readFileSync(path.join(repositoryRoot, 'examples/several-dialects.yaml'), 'utf8');

/** What is read here of the settings of some mount. */
interface ExampleSettings {
  readonly keys: readonly { readonly key: string; readonly salt: string }[];
  readonly signatures: { readonly secrets: readonly string[] };
  readonly token: string;
}

interface Example {
  readonly mounts: readonly {
    readonly dialect: string;
    readonly settings: ExampleSettings;
  }[];
}

/** The settings of a mount, as the example writes them. */
function settingsOf(dialect: string) {
  const { mounts } = parse(example) as Example;
  return mounts.find((mount) => mount.dialect === dialect)!.settings;
}

const shop = { Host: 'shop.example.com' };
const photos = { Host: 'photos.example.com' };
const proxy = { Host: 'proxy.example.com' };

test('five languages behind one address', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, 'samples'));
  const cup = await drawing({ width: 800, height: 600, colour: 'teal', format: 'jpeg' });
  for (const name of ['cup.jpg', 'harbour.jpg']) await writeFile(path.join(folder, 'samples', name), cup);
  const lost = await drawing({ width: 60, height: 60, colour: 'navy' });
  await writeFile(path.join(folder, 'samples/pictor.png'), lost);
  const origin = await liveOrigin(t);
  origin.route('/cup.jpg', {
    body: cup,
    headers: { 'content-type': 'image/jpeg', 'cache-control': 'max-age=60' },
  });
  const config = path.join(folder, 'pictor.yaml');
  const text = example
    .replaceAll('./', `${folder}/`)
    .replaceAll('https://assets.example.com', origin.url)
    .replaceAll('assets.example.com', '127.0.0.1');
  await writeFile(config, text);
  const pictor = await livePictor(t, { args: ['serve', '--config', config], env: allowing(origin) });
  const { port } = pictor;

  await t.test(
    'imgproxy takes signed URLs, keeps to its bounds, and shows its own picture for errors',
    async () => {
      const [pair] = settingsOf('imgproxy').keys;
      const signed = (target: string) => {
        const hmac = createHmac('sha256', Buffer.from(pair!.key, 'hex')).update(
          Buffer.from(pair!.salt, 'hex'),
        );
        return `/img/${hmac.update(target).digest('base64url')}${target}`;
      };
      const small = await pictor.get(signed('/rs:fit:64:0/plain/local:///cup.jpg@webp'), shop);
      assert.equal(await shapeOf(small), 'webp 64x48');
      const large = await pictor.get(signed('/rs:fit:3000:0/el:1/plain/local:///cup.jpg@webp'), shop);
      assert.equal(await shapeOf(large), 'webp 2000x1500');
      assert.equal((await pictor.get('/img/unsafe/rs:fit:64:0/plain/local:///cup.jpg', shop)).status, 403);
      const missing = await pictor.get(signed('/rs:fit:20:0/plain/local:///none.jpg@png'), shop);
      assert.equal(missing.status, 404);
      assert.equal((await sharp(missing.body).metadata()).width, 20);
      const elsewhere = await pictor.get(signed('/rs:fit:64:0/plain/http://127.0.0.2/cup.jpg'), shop);
      assert.notEqual(elsewhere.status, 200);
    },
  );

  await t.test('image-server takes signed uploads, and makes what the example says', async () => {
    const { secrets } = settingsOf('image-server').signatures;
    const target = '/uploads/products';
    assert.equal((await post(port, target, { body: cup, headers: shop })).status, 401);
    // The prefix of the mount is no part of what is signed.
    const url = await signUrl({ secret: secrets[0]!, base: '/uploads', path: '/products', ttlSeconds: 60 });
    const answer = await post(port, url, { body: cup, headers: shop });
    assert.equal(answer.status, 200, answer.text);
    const { hash } = JSON.parse(answer.text) as { hash: string };
    const place = [hash.slice(0, 3), hash.slice(3, 6), hash.slice(6, 9), hash.slice(9)].join('/');
    const files = await readdir(path.join(folder, 'data/uploads/products', place));
    assert.deepEqual(files.toSorted(), ['info.json', 'original', 'x300.jpg']);
    assert.equal(await shapeOf(await pictor.get(`${target}/${place}/w200.jpg`, shop)), 'jpeg 200x150');
    assert.notEqual((await pictor.get(`${target}/${place}/w2001.jpg`, shop)).status, 200);
  });

  await t.test('imageproxy fetches from its hosts, and from others with a signature', async () => {
    const own = `${origin.url}/cup.jpg`;
    const reply = await pictor.get(`/200x/${own}`, proxy);
    assert.equal(await shapeOf(reply), 'jpeg 200x150');
    assert.equal(reply.headers['cache-control'], 'max-age=3600');
    assert.equal((await pictor.get('/200x/https://other.example.com/a.jpg', proxy)).status, 403);
    assert.equal((await pictor.get('/200x/https://internal.example.com/a.jpg', proxy)).status, 403);
    const missing = await pictor.get(`/30x/${origin.url}/none.jpg`, proxy);
    assert.deepEqual([missing.status, missing.headers['cache-control']], [404, 'max-age=60, public']);
    assert.equal((await sharp(missing.body).metadata()).width, 30);
    assert.equal((await readdir(path.join(folder, 'data/partners-cache'))).includes('variants'), true);
  });

  await t.test('vip takes uploads with its token, into its bucket and no other', async () => {
    const { token } = settingsOf('vip');
    const headers = { ...photos, 'X-Vip-Token': token, 'Content-Type': 'image/jpeg' };
    assert.equal((await post(port, '/upload/app', { body: cup, headers: photos })).status, 401);
    assert.equal((await post(port, '/upload/other', { body: cup, headers })).status, 404);
    const answer = await post(port, '/upload/app', { body: cup, headers });
    assert.equal(answer.status, 201, answer.text);
    const { pathname, hostname } = new URL((JSON.parse(answer.text) as { url: string }).url);
    assert.equal(hostname, 'photos.example.com');
    const square = await pictor.get(`${pathname}?s=250&c=true`, { Host: 'eu.photos.example.com' });
    assert.equal(await shapeOf(square), 'jpeg 250x250');
    assert.equal((await readdir(path.join(folder, 'data/photos'))).includes('app'), true);
    const missing = await pictor.get('/app/none-1x1?s=20', photos);
    assert.deepEqual([missing.status, missing.headers['content-type']], [404, 'image/jpeg']);
  });

  await t.test(
    's3imageserver reads its folder, keeps what it made, and shows its own picture for errors',
    async () => {
      const target = '/archive/harbour.jpg?w=300&h=200';
      assert.equal(await shapeOf(await pictor.get(target, photos)), 'jpeg 300x200');
      const missing = await pictor.get('/archive/none.jpg', photos);
      assert.equal(missing.status, 404);
      const { width, format } = await sharp(missing.body).metadata();
      assert.deepEqual([format, width], ['jpeg', 60]);
      await until('it is kept', async () => {
        const entries = await readdir(path.join(folder, 'data/archive-cache'), { recursive: true }).catch(
          () => [],
        );
        return entries.some((name) => name.endsWith('_w300_h200_ctrue_harbour.jpg.jpg'));
      });
      assert.equal((await pictor.get(target, photos)).status, 200);
      const found = { result: 'hit', tier: 'shelf' };
      await until(
        'it is counted',
        async () => (await metric(pictor, 'pictor_cache_results_total', found)) === 1,
      );
    },
  );

  await t.test('nobody answers for other hosts', async () => {
    for (const target of ['/', '/img/a', '/200x/https://assets.example.com/cup.jpg', '/archive/harbour.jpg'])
      assert.equal((await pictor.get(target, { Host: 'unknown.example.com' })).status, 404, target);
    assert.equal((await pictor.get('/archive/harbour.jpg', shop)).status, 404);
  });
});
