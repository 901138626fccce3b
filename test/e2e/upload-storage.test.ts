/** Where uploads lie while the disk is full, and when their files have gone from the folder but not from the bucket. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import sharp from 'sharp';
import { filesBelow, post } from '../support/keeping-pictor.ts';
import { livePictor, metric, until } from '../support/live-pictor.ts';
import { adminOf, freshBucket } from '../support/s3-service.ts';
import { startS3rver } from '../support/s3rver.ts';
import { noSmallDisk, smallDisk } from '../support/small-disk.ts';
import { expectedOf, type StormPicture, stormPictures } from '../support/storm-pictures.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { objectsIn } from '../support/upload-audit.ts';

const megabyte = 1024 * 1024;

/** About a megabyte that cannot be made smaller. */
const largePicture = (): Promise<Buffer> =>
  sharp(randomBytes(640 * 540 * 3), { raw: { width: 640, height: 540, channels: 3 } })
    .png()
    .toBuffer();

interface Place {
  readonly root: string;
  /** Where uploads arrive. */
  readonly temporary: string;
}

describe('a full disk', () => {
  const full = async (t: TestContext, placed: (disk: string, other: string) => Place) => {
    const disk = await smallDisk(t, 2 * megabyte);
    if (disk === null) return t.skip(noSmallDisk);
    const place = placed(disk, await temporaryFolder(t));
    await mkdir(place.temporary, { recursive: true });
    const args = ['image-server', 'server', `--local_base_path=${place.root}`];
    const pictor = await livePictor(t, { args, env: { TMPDIR: place.temporary } });
    const [small] = (await stormPictures(1)) as [StormPicture];
    const upload = (body: Buffer) => post(pictor.port, '/storm', { body });
    const refused = await Promise.all(Array.from({ length: 4 }, async () => upload(await largePicture())));
    for (const { status, text } of refused.filter((each) => each.status !== 200)) {
      assert.equal(status, 404);
      assert.equal(text, '{\n  "error": "Storage failed"\n}\n');
    }
    const taken = refused.filter(({ status }) => status === 200);
    assert.ok(taken.length < 4, 'some have no room');
    const hashes = taken.map(({ text }) => (JSON.parse(text) as { hash: string }).hash);
    const objects = (await filesBelow(place.root)).filter((file) => !file.startsWith('.pictor/'));
    assert.deepEqual(
      objects.map((file) => file.split('/').slice(1, 5).join('')).toSorted(),
      [...hashes, ...hashes].toSorted(),
      'an original and its info of each that was acknowledged, nothing of the others',
    );
    const left = [
      ...(await filesBelow(path.join(place.root, '.pictor'))),
      ...(await filesBelow(place.temporary)),
    ];
    assert.deepEqual(
      left.filter((file) => /incoming|uploads-/.test(file)),
      [],
    );
    await until('the log says why', () => pictor.output().includes('ENOSPC'));

    for (const file of objects) await rm(path.join(place.root, file));
    assert.equal((await upload(small.bytes)).status, 200, 'it goes on once there is room');
    assert.deepEqual((await pictor.get(`/${small.folder}/original`)).body, small.bytes);
  };

  test('under the pictures: refused, nothing half-stored, and over when there is room', (t) =>
    full(t, (disk, other) => ({ root: path.join(disk, 'public'), temporary: other })));

  test('where uploads arrive: the same', (t) =>
    full(t, (disk, other) => ({ root: path.join(other, 'public'), temporary: path.join(disk, 'tmp') })));
});

test('what only the bucket still has is read from there, and lies in the folder again', async (t) => {
  const service = await startS3rver();
  t.after(() => service.close());
  const admin = adminOf(service);
  t.after(() => admin.destroy());
  const bucket = await freshBucket(admin);
  const root = path.join(await temporaryFolder(t), 'public');
  const start = () =>
    livePictor(t, {
      args: [
        'image-server',
        'server',
        `--local_base_path=${root}`,
        '--uploader=s3',
        `--aws_bucket=${bucket}`,
        '--aws_region=us-east-1',
        `--aws_access_key_id=${service.accessKeyId}`,
        `--aws_secret_key=${service.secretAccessKey}`,
      ],
      env: { AWS_ENDPOINT_URL_S3: service.endpoint },
    });
  const first = await start();
  const [picture] = (await stormPictures(1)) as [StormPicture];
  const target = `/storm?outputs=${picture.outputs.join(',')}`;
  assert.equal((await post(first.port, target, { body: picture.bytes })).status, 200);
  const objects = expectedOf(picture);
  const before = new Map<string, Buffer>();
  for (const key of objects.keys()) before.set(key, await readFile(path.join(root, key)));
  await until('it has arrived', async () => (await metric(first, 'pictor_owed_objects')) === 0);
  assert.deepEqual(new Set((await objectsIn(admin, bucket)).keys()), new Set(objects.keys()));
  assert.equal(await first.stop(), 0);

  await rm(path.join(root, 'storm'), { recursive: true });
  const second = await start();
  for (const [key, bytes] of before) {
    const answer = await second.get(`/${key}`);
    assert.deepEqual([answer.status, answer.body], [200, bytes], key);
    assert.deepEqual(await readFile(path.join(root, key)), bytes, 'in the folder');
  }
  assert.equal((await second.get(`/${picture.folder}/w10.jpg`)).status, 200, 'variants can be made of it');
});

test('an original that came without its info gets it when somebody asks', async (t) => {
  const root = path.join(await temporaryFolder(t), 'public');
  const pictor = await livePictor(t, { args: ['image-server', 'server', `--local_base_path=${root}`] });
  const pictures = await stormPictures(4);
  for (const picture of pictures) {
    const folder = path.join(root, picture.folder);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'original'), picture.bytes);
    const key = `${picture.folder}/info.json`;
    const answers = await Promise.all([1, 2, 3].map(() => pictor.get(`/${key}`)));
    const info = expectedOf(picture).get(key);
    for (const { status, headers, body } of answers) {
      assert.deepEqual([status, body], [200, info]);
      assert.equal(headers['content-type'], 'application/json');
    }
    assert.deepEqual(await readFile(path.join(folder, 'info.json')), info);
  }
  const nothing = await pictor.get(`/storm/${'000/'.repeat(3)}${'0'.repeat(23)}/info.json`);
  assert.equal(nothing.status, 404);
  assert.match(nothing.body.toString(), /"error": "Unable to download image/);
});
