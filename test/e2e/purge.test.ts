/** What was purged or deleted is not answered again, whoever asks meanwhile, and after a restart. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { filesBelow, keepingPictor } from '../support/keeping-pictor.ts';
import { allowing, liveOrigin, livePictor, nativeTarget } from '../support/live-pictor.ts';
import { managementAccess } from '../support/management.ts';
import type { PictorProcess } from '../support/pictor-process.ts';
import { adminOf, freshBucket } from '../support/s3-service.ts';
import { type RunningS3rver, startS3rver } from '../support/s3rver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { eraseUnderTraffic } from './purge.ts';

const sizes = [16, 20, 24, 28];

/** A picture that says which one it is by its colour. */
const numbered = (version: number): Promise<Buffer> =>
  sharp({ create: { width: 64, height: 64, channels: 3, background: { r: version, g: 0, b: 0 } } })
    .png()
    .toBuffer();

async function versionIn(body: Buffer): Promise<number> {
  const { data } = await sharp(body).raw().toBuffer({ resolveWithObject: true });
  return data[0]!;
}

for (const caching of ['on disk', 'in memory'] as const) {
  test(`a purged source is asked anew by all who come after the purge, ${caching}`, async (t) => {
    const access = await managementAccess();
    const origin = await liveOrigin(t);
    const dir = caching === 'on disk' ? path.join(await temporaryFolder(t), 'cache') : '';
    const env = { ...access.env, ...allowing(origin), PICTOR_CACHE_DIR: dir };
    let pictor = await livePictor(t, { args: ['serve'], env });
    let version = 1;
    const pictures = await Promise.all(Array.from({ length: 12 }, (_, each) => numbered(each)));
    let delays = 0;
    // Always good for long: only a purge can bring the next one. Every other answer is slow, so that purges meet fetches.
    const route = () =>
      origin.route('/a.png', () => ({
        body: pictures[version]!,
        etag: '"always the same"',
        headers: { 'Cache-Control': 'max-age=100000, stale-if-error=100000' },
        bodyDelayMs: (delays++ % 2) * 40,
      }));
    route();
    const source = `${origin.url}/a.png`;
    const target = (size: number) => nativeTarget(source, `rs:fit:${size}:${size}`);
    let purged = 0;
    let asking = true;
    const client = async (first: number, of: PictorProcess) => {
      for (let turn = first; asking; turn += 1) {
        const least = purged;
        const { status, body } = await of.get(target(sizes[turn % sizes.length]!));
        assert.equal(status, 200);
        const got = await versionIn(body);
        assert.ok(got >= least, `version ${got}, though ${least} was there before the purge`);
      }
    };
    const traffic = Promise.all(Array.from({ length: 6 }, (_, index) => client(index, pictor)));
    const work = async () => {
      for (let round = 0; round < 8; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 60 + 25 * round));
        version += 1;
        const now = version;
        const reply = await access.expect('/v1/purges', { body: { source, waitSeconds: round % 2 } });
        assert.ok(['removed', 'being-removed'].includes(reply.copies));
        purged = now;
      }
    };
    await Promise.all([work().finally(() => (asking = false)), traffic]);
    const asked = origin.count('/a.png');
    for (const size of sizes) assert.equal(await versionIn((await pictor.get(target(size))).body), version);
    const again = origin.count('/a.png') - asked;
    assert.ok(again <= 1, `kept again: asked ${again} times`);
    if (dir === '') return;

    await t.test('also after a crash, with copies that nobody has removed', async () => {
      version += 1;
      await access.expect('/v1/purges', { body: { source, waitSeconds: 0 } });
      await pictor.kill();
      pictor = await livePictor(t, { args: ['serve'], env });
      for (const size of sizes) assert.equal(await versionIn((await pictor.get(target(size))).body), version);
      await access.expect('/v1/purges', { body: { source, waitSeconds: 60 } });
      const blobs = (await filesBelow(dir)).filter((file) => file.includes('blobs'));
      // What was replaced may be open somewhere, and goes a little later.
      assert.deepEqual(
        blobs.filter((file) => !file.includes('.')),
        [],
      );
    });
  });
}

test('image-server on a folder: deleted while it is asked for', async (t) => {
  const access = await managementAccess();
  const { pictor, kept } = await keepingPictor(t, { dialect: 'image-server', env: access.env });
  await eraseUnderTraffic({
    pictor,
    access,
    mount: 'image-server',
    bucket: '',
    uploads: '/pics?outputs=w50.jpg',
    headers: { 'content-type': 'image/png' },
    variantsOf: imageServerVariants,
    objects: kept,
  });
});

const imageServerVariants = (key: string): string[] =>
  ['original', 'info.json', 'w50.jpg', ...sizes.map((size) => `w${size}.jpg`)].map(
    (file) => `/${key.replace(/original$/, file)}`,
  );

const vipVariants = (bucket: string) => (key: string) => [
  `/${bucket}/${key}`,
  ...sizes.map((size) => `/${bucket}/${key}?s=${size}`),
];

test('vip on a folder: deleted while it is asked for', async (t) => {
  const access = await managementAccess();
  const { pictor, kept } = await keepingPictor(t, { dialect: 'vip', env: access.env });
  await eraseUnderTraffic({
    pictor,
    access,
    mount: 'vip',
    bucket: 'pics',
    uploads: '/upload/pics',
    headers: { 'content-type': 'image/png' },
    variantsOf: vipVariants('pics'),
    objects: kept,
  });
});

describe('on S3', () => {
  let service: RunningS3rver;
  let admin: S3Client;
  before(async () => {
    service = await startS3rver();
    admin = adminOf(service);
  });
  after(async () => {
    admin.destroy();
    await service.close();
  });

  const keysIn = async (bucket: string): Promise<string[]> => {
    const { Contents = [] } = await admin.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = '' }) => Key);
  };

  const credentials = () => {
    const { endpoint, accessKeyId, secretAccessKey } = service;
    return { endpoint, accessKeyId, secretAccessKey, region: 'us-east-1' };
  };

  test('image-server with a folder before its bucket: deleted while it is asked for', async (t) => {
    const access = await managementAccess();
    const bucket = await freshBucket(admin);
    const root = path.join(await temporaryFolder(t), 'kept');
    const settings = { storage: { root, remote: 's3', s3: { bucket, ...credentials() } } };
    const { pictor } = await keepingPictor(t, { dialect: 'image-server', settings, env: access.env });
    await eraseUnderTraffic({
      pictor,
      access,
      mount: 'image-server',
      bucket: '',
      uploads: '/pics?outputs=w50.jpg',
      headers: { 'content-type': 'image/png' },
      variantsOf: imageServerVariants,
      objects: async () => [
        ...(await keysIn(bucket)),
        ...(await filesBelow(root)).filter((file) => !file.startsWith('.')),
      ],
    });
  });

  test('vip: deleted while it is asked for', async (t) => {
    const access = await managementAccess();
    const bucket = await freshBucket(admin);
    const settings = { store: 's3', s3: credentials() };
    const { pictor } = await keepingPictor(t, { dialect: 'vip', settings, env: access.env });
    await eraseUnderTraffic({
      pictor,
      access,
      mount: 'vip',
      bucket,
      uploads: `/upload/${bucket}`,
      headers: { 'content-type': 'image/png' },
      variantsOf: vipVariants(bucket),
      objects: () => keysIn(bucket),
    });
  });
});
