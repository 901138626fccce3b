/** One server with all five languages: each mount has bounds, keys, a picture for errors and a cache of its own, and none mix. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { SignJWT } from 'jose';
import sharp from 'sharp';
import { imageproxyUrl, signUrl } from '../../src/client/index.ts';
import { filesBelow, post } from '../support/keeping-pictor.ts';
import { allowing, drawing, liveOrigin, livePictor, metric, until } from '../support/live-pictor.ts';
import { managementAccess } from '../support/management.ts';
import type { RawReply } from '../support/pictor-process.ts';
import { adminOf, freshBucket } from '../support/s3-service.ts';
import { startS3rver } from '../support/s3rver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Pictures for errors, by mount: told apart by their colours. */
const errorColours = {
  signed: 'red',
  proxy: 'lime',
  uploads: 'blue',
  photos: 'yellow',
  archive: 'magenta',
} as const;
type Name = keyof typeof errorColours;
const names = Object.keys(errorColours) as Name[];

const signingKeys = { signed: 'aa'.repeat(32), other: 'bb'.repeat(32) };
const salt = 'cc'.repeat(32);
const proxyKey = 'of the proxy';
const uploadSecret = 'of the uploads';
const photoToken = 'of the photos';
const archiveKey = 'of the archive, which is long enough for HS256';

/** Bottom right, where drawings have their colour. */
async function colourOf({ body }: Pick<RawReply, 'body'>): Promise<string> {
  const { data, info } = await sharp(body).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = data.length - info.channels;
  const levels = [...data.subarray(at, at + 3)].map((level) => (level > 170 ? 2 : level > 70 ? 1 : 0));
  return levels.join('');
}

const levelsOf: Readonly<Record<string, string>> = {
  teal: '011',
  olive: '110',
  red: '200',
  lime: '020',
  blue: '002',
  yellow: '220',
  magenta: '202',
};

const signedTarget = (mount: string, key: string, source: string): string => {
  const target = `/rs:fit:40:40/plain/${source}@png`;
  const digest = createHmac('sha256', Buffer.from(key, 'hex'))
    .update(Buffer.from(salt, 'hex'))
    .update(target);
  return `${mount}/${digest.digest('base64url')}${target}`;
};

const archiveToken = (key: string): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(key));

/** The server, and what its mounts are asked for: a small picture that all take and a large one that each refuses. */
async function fiveMounts(t: TestContext) {
  const s3 = await startS3rver();
  t.after(() => s3.close());
  const admin = adminOf(s3);
  t.after(() => admin.destroy());
  const bucket = await freshBucket(admin);
  const home = await temporaryFolder(t);
  const small = await drawing({ width: 80, height: 60, colour: 'olive' });
  const large = await sharp(await drawing({ width: 400, height: 300, colour: 'teal' }))
    // Of many bytes too: what PNG makes of one colour is short.
    .composite([
      {
        input: {
          create: {
            width: 200,
            height: 200,
            channels: 3,
            background: 'white',
            noise: { type: 'gaussian', mean: 128, sigma: 60 },
          },
        },
        left: 0,
        top: 0,
      },
    ])
    .png()
    .toBuffer();
  await mkdir(path.join(home, 'archive'), { recursive: true });
  for (const [name, bytes] of Object.entries({ small, large })) {
    await writeFile(path.join(home, `archive/${name}.png`), bytes);
  }
  const errorImages = Object.fromEntries(
    await Promise.all(
      names.map(async (name) => {
        const file = path.join(home, `${name}.png`);
        await writeFile(file, await drawing({ width: 32, height: 32, colour: errorColours[name] }));
        return [name, { path: file }] as const;
      }),
    ),
  ) as Record<Name, { path: string }>;
  const origin = await liveOrigin(t);
  for (const [name, body] of Object.entries({ small, large })) {
    origin.route(`/${name}.png`, { body, headers: { 'cache-control': 'max-age=1000' } });
  }
  const dirOf = (name: string) => path.join(home, 'caches', name);
  const { endpoint, accessKeyId, secretAccessKey } = s3;
  const mounts = [
    {
      prefix: '/signed',
      dialect: 'imgproxy',
      limits: { maxPixels: 10_000 },
      errorImage: { ...errorImages.signed, maxAgeSeconds: 30 },
      cache: { dir: dirOf('signed') },
      settings: { keys: [{ key: signingKeys.signed, salt }] },
    },
    { prefix: '/other', dialect: 'imgproxy', settings: { keys: [{ key: signingKeys.other, salt }] } },
    {
      prefix: '/proxy',
      dialect: 'imageproxy',
      limits: { maxSourceBytes: 20_000 },
      errorImage: { ...errorImages.proxy, status: 410 },
      cache: {
        memory: '1MiB',
        s3: { bucket, prefix: 'proxy/', region: 'us-east-1', endpoint, accessKeyId, secretAccessKey },
      },
      settings: { keys: [{ text: proxyKey }] },
    },
    {
      prefix: '/uploads',
      dialect: 'image-server',
      limits: { maxSide: 200 },
      errorImage: errorImages.uploads,
      cache: { dir: dirOf('uploads') },
      settings: {
        storage: { root: path.join(home, 'uploads') },
        extensions: [],
        signatures: { uploads: true, secrets: [uploadSecret] },
      },
    },
    {
      prefix: '/photos',
      dialect: 'vip',
      limits: { maxPixels: 20_000, maxSourceBytes: 300_000 },
      errorImage: errorImages.photos,
      cache: { dir: '' },
      settings: { folder: path.join(home, 'photos'), buckets: ['app'], token: photoToken },
    },
    {
      prefix: '/archive',
      dialect: 's3imageserver',
      limits: { maxSide: 100 },
      errorImage: { ...errorImages.archive, status: 503 },
      cache: { dir: dirOf('archive') },
      settings: { folder: path.join(home, 'archive'), verify: { key: archiveKey } },
    },
  ];
  const access = await managementAccess();
  const env = {
    ...allowing(origin),
    ...access.env,
    PICTOR_MOUNTS: JSON.stringify(mounts),
    PICTOR_CACHE_DIR: dirOf('server'),
  };
  const pictor = await livePictor(t, { args: ['serve'], env });
  const keysOfS3 = async () =>
    ((await admin.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(
      ({ Key = '' }) => Key,
    );
  return { pictor, origin, access, dirOf, keysOfS3, pictures: { small, large } };
}

test('five languages with bounds, keys, pictures for errors and caches of their own', async (t) => {
  const { pictor, origin, access, dirOf, keysOfS3, pictures } = await fiveMounts(t);
  const { port } = pictor;
  const url = (name: 'small' | 'large') => `${origin.url}/${name}.png`;
  const proxied = (name: 'small' | 'large', key = proxyKey) =>
    imageproxyUrl({ source: url(name), options: { width: 40 } }, { base: '/proxy', key });
  const signedUpload = (secret: string) =>
    signUrl({ secret, base: '/uploads', path: '/shop', ttlSeconds: 600 });
  const token = await archiveToken(archiveKey);

  await t.test('what is uploaded keeps to the bounds of its mount, and is told in words', async () => {
    const target = await signedUpload(uploadSecret);
    const refused = await post(port, target, { body: pictures.large });
    assert.equal(refused.status, 404, refused.text);
    assert.match(refused.text, /image is too large/);
    const headers = { 'X-Vip-Token': photoToken, 'Content-Type': 'image/png' };
    const tooLarge = await post(port, '/photos/upload/app', { body: pictures.large, headers });
    assert.deepEqual([tooLarge.status, tooLarge.text], [400, '{"error":"image is too large"}\n']);
    const tooLong = await post(port, '/photos/upload/app', { body: Buffer.alloc(300_001), headers });
    assert.deepEqual(
      [tooLong.status, tooLong.text],
      [413, '{"error":"The file size limit is 300000 bytes"}\n'],
    );
  });

  const uploaded = await post(port, await signedUpload(uploadSecret), { body: pictures.small });
  assert.equal(uploaded.status, 200, uploaded.text);
  const { hash } = JSON.parse(uploaded.text) as { hash: string };
  const place = [hash.slice(0, 3), hash.slice(3, 6), hash.slice(6, 9), hash.slice(9)].join('/');
  const vipHeaders = { 'X-Vip-Token': photoToken, 'Content-Type': 'image/png' };
  const photo = await post(port, '/photos/upload/app', { body: pictures.small, headers: vipHeaders });
  assert.equal(photo.status, 201, photo.text);
  const photoPath = new URL((JSON.parse(photo.text) as { url: string }).url).pathname;

  /** Of each mount: one that it has, and one that it shows its picture for errors for. */
  const asked: Record<Name, { good: string; bad: string; status: number }> = {
    signed: {
      good: signedTarget('/signed', signingKeys.signed, url('small')),
      bad: signedTarget('/signed', signingKeys.signed, url('large')),
      status: 422,
    },
    proxy: { good: await proxied('small'), bad: await proxied('large'), status: 410 },
    uploads: {
      good: `/uploads/shop/${place}/w40.png`,
      bad: `/uploads/shop/000/${place.slice(4)}/w40.png`,
      status: 404,
    },
    photos: { good: `${photoPath}?s=40`, bad: '/photos/app/none-80x60?s=40', status: 404 },
    archive: {
      good: `/archive/small.png?w=40&t=${token}`,
      bad: `/archive/large.png?w=40&t=${token}`,
      status: 503,
    },
  };

  await t.test('whoever asks whom, and all at once: everybody gets what that mount gives', async () => {
    const rounds = names.flatMap((name) => {
      const { good, bad, status } = asked[name];
      return [
        { name, target: good, status: 200, colour: 'olive' },
        { name, target: bad, status, colour: errorColours[name] },
      ];
    });
    // The same source, with neither bounds nor a picture for errors.
    const wide = {
      name: 'other',
      target: signedTarget('/other', signingKeys.other, url('large')),
      status: 200,
      colour: 'teal',
    };
    const turns = Array.from({ length: 8 }, () => [...rounds, wide]).flat();
    await Promise.all(
      turns.map(async ({ name, target, status, colour }) => {
        const reply = await pictor.get(target);
        assert.equal(reply.status, status, `${name}: ${reply.body.toString('latin1', 0, 100)}`);
        assert.equal(await colourOf(reply), levelsOf[colour], `${name} ${target}`);
        const { width } = await sharp(reply.body).metadata();
        assert.ok(width <= 40, `${name}: in the size that was asked for`);
      }),
    );
    const { headers } = await pictor.get(asked.signed.bad);
    assert.equal(headers['cache-control'], 'max-age=30, public');
    for (const name of names.filter((each) => each !== 'signed'))
      assert.equal((await pictor.get(asked[name].bad)).headers['cache-control'], 'no-store', name);
  });

  await t.test('a key of one mount opens no other, which is told in words', async () => {
    const wrong: readonly (readonly [target: string, status: number])[] = [
      [signedTarget('/signed', signingKeys.other, url('small')), 403],
      [signedTarget('/other', signingKeys.signed, url('small')), 403],
      [await proxied('small', uploadSecret), 403],
      [
        `/archive/small.png?w=40&t=${await archiveToken(`${photoToken}, as long as it has to be for HS256`)}`,
        404,
      ],
    ];
    for (const [target, status] of wrong) {
      const reply = await pictor.get(target);
      assert.equal(reply.status, status, target);
      assert.doesNotMatch(reply.headers['content-type'] ?? '', /image/, target);
    }
    const upload = await post(port, await signedUpload(photoToken), { body: pictures.small });
    assert.equal(upload.status, 401);
    const headers = { ...vipHeaders, 'X-Vip-Token': uploadSecret };
    assert.equal((await post(port, '/photos/upload/app', { body: pictures.small, headers })).status, 401);
  });

  await t.test('each keeps its copies where they belong', async () => {
    const kept = async (name: string) => (await filesBelow(path.join(dirOf(name), 'variants/blobs'))).length;
    await until('every cache has its own', async () => {
      const counts = await Promise.all(['signed', 'uploads', 'archive', 'server'].map(kept));
      return counts.every((count) => count > 0) && (await keysOfS3()).length > 0;
    });
    assert.ok((await keysOfS3()).every((key) => key.startsWith('proxy/')));
    // The picture, and the one for errors; where variants are kept for good, also what came of it as an object.
    const held = (mount: string) => metric(pictor, 'pictor_store_entries', { store: 'memory', mount });
    assert.deepEqual(
      await Promise.all(['/signed', '/proxy', '/uploads', '/photos', '/archive'].map(held)),
      [2, 2, 3, 3, 2],
    );
    assert.equal(await kept('server'), 1, 'only the mount that has no cache of its own');
    // Two caches, two fetches: nobody looked into the other's.
    assert.equal(origin.count('/small.png'), 2);
  });

  await t.test('a purge reaches every cache', async () => {
    const before = { small: origin.count('/small.png'), large: origin.count('/large.png') };
    const again = async () => {
      for (const name of ['signed', 'proxy'] as const)
        assert.equal((await pictor.get(asked[name].good)).status, 200);
    };
    await again();
    assert.equal(origin.count('/small.png'), before.small);
    await access.expect('/v1/purges', { body: { source: url('small'), waitSeconds: 20 } });
    await until(
      'nothing is left in the bucket but the picture for errors',
      async () => (await keysOfS3()).length <= 1,
    );
    await again();
    assert.equal(origin.count('/small.png'), before.small + 2);
  });

  assert.equal(await pictor.stop(), 0);
  assert.doesNotMatch(pictor.output(), /"level":"error"/);
});

test('a picture for errors is gone as soon as the picture is there', async (t) => {
  const home = await temporaryFolder(t);
  const file = path.join(home, 'error.png');
  await writeFile(file, await drawing({ width: 32, height: 32, colour: 'red' }));
  const origin = await liveOrigin(t);
  const body = await drawing({ width: 80, height: 60, colour: 'olive' });
  origin.route('/late.png', { status: 404 });
  const mounts = [{ prefix: '/', dialect: 'imgproxy', errorImage: { path: file, covers: 'sources' } }];
  const env = { ...allowing(origin), PICTOR_MOUNTS: JSON.stringify(mounts) };
  const pictor = await livePictor(t, { args: ['serve'], env });
  const target = `/unsafe/rs:fit:40:40/plain/${origin.url}/late.png@png`;
  const missing = await pictor.get(target);
  assert.deepEqual([missing.status, await colourOf(missing)], [404, levelsOf['red']]);
  origin.route('/late.png', { body });
  // A failure is remembered for some seconds.
  await until('the picture is shown', async () => (await pictor.get(target)).status === 200);
  assert.equal(await colourOf(await pictor.get(target)), levelsOf['olive']);
  const wrong = await pictor.get(`/unsafe/rs:nonsense:1/plain/${origin.url}/late.png`);
  assert.doesNotMatch(wrong.headers['content-type'] ?? '', /image/);
});

test('names of buckets that somebody makes up are nothing for the operator', async (t) => {
  const home = await temporaryFolder(t);
  const mounts = [
    { prefix: '/', dialect: 'vip', settings: { folder: path.join(home, 'photos'), token: photoToken } },
  ];
  const pictor = await livePictor(t, { args: ['serve'], env: { PICTOR_MOUNTS: JSON.stringify(mounts) } });
  assert.equal((await pictor.get('/b/wp-login.php')).status, 404);
  assert.equal(await pictor.stop(), 0);
  assert.match(pictor.output(), /"level":"info".*OBJECT_NOT_FOUND/);
  assert.doesNotMatch(pictor.output(), /"level":"error"/);
});

test('what one mount lets in, or does not read, has no say in what another gives', async (t) => {
  const home = await temporaryFolder(t);
  const body = await drawing({ width: 80, height: 60, colour: 'olive' });
  await writeFile(path.join(home, 'a.png'), body);
  const origin = await liveOrigin(t);
  origin.route('/a.png', { body, headers: { 'cache-control': 'max-age=1000' } });
  const storage = { root: path.join(home, 'uploads') };
  const mounts = [
    { prefix: '/small', dialect: 'imgproxy' },
    { prefix: '/large', dialect: 'imgproxy', limits: { maxSourceBytes: 0, mayExceed: true } },
    { prefix: '/drawn', dialect: 'image-server', settings: { storage, variantsOfSvg: true } },
    { prefix: '/given', dialect: 'image-server', settings: { storage } },
  ];
  const env = {
    ...allowing(origin),
    PICTOR_MOUNTS: JSON.stringify(mounts),
    PICTOR_LIMITS_MAX_SOURCE_BYTES: String(body.length - 1),
    PICTOR_SOURCES_FILE_ROOT: home,
  };
  const pictor = await livePictor(t, { args: ['serve'], env });
  const status = async (target: string) => (await pictor.get(target)).status;

  for (const source of [`${origin.url}/a.png`, 'local:///a.png']) {
    const statuses = [];
    for (const mount of ['small', 'large', 'small', 'large'])
      statuses.push(await status(`/${mount}/unsafe/rs:fit:40:40/plain/${source}@png`));
    assert.deepEqual(statuses, [422, 200, 422, 200], source);
  }

  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="6"/>');
  const upload = await post(pictor.port, '/drawn/shop', { body: svg });
  assert.equal(upload.status, 200, upload.text);
  const { hash } = JSON.parse(upload.text) as { hash: string };
  const target = `/shop/${hash.slice(0, 3)}/${hash.slice(3, 6)}/${hash.slice(6, 9)}/${hash.slice(9)}/w4.jpg`;
  assert.equal(await status(`/given${target}`), 404);
  assert.equal(await status(`/drawn${target}`), 200);
});
