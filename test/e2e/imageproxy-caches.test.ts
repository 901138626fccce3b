/** `pictor imageproxy` with every kind of cache, across restarts and while caches die and come back. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type Azurite, startAzurite } from '../support/azurite.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';
import { entryOf } from '../support/imageproxy-folder.ts';
import { drawing, liveOrigin, livePictor, metric, shapeOf, until } from '../support/live-pictor.ts';
import type { Origin, OriginReply } from '../support/origin.ts';
import type { PictorProcess } from '../support/pictor-process.ts';
import { radosgwMissing, startRadosgw } from '../support/radosgw.ts';
import { redisSkip, startRedis } from '../support/redis.ts';
import { adminOf, freshBucket, putObject, type RunningS3 } from '../support/s3-service.ts';
import { startS3rver } from '../support/s3rver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const aged = { 'content-type': 'image/png', 'cache-control': 'max-age=3600' };

async function gallery(t: TestContext, count = 40): Promise<Origin> {
  const origin = await liveOrigin(t);
  for (let index = 0; index < count; index += 1) {
    const body = await drawing({ width: 80 + index, height: 60, colour: 'teal' });
    origin.route(`/${index}.png`, { headers: aged, body });
  }
  return origin;
}

const start = (t: TestContext, cache: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  livePictor(t, {
    args: ['imageproxy', '-allowPrivateSources', ...cache.flatMap((each) => ['-cache', each])],
    env: { AWS_EC2_METADATA_DISABLED: 'true', PICTOR_CACHE_S3_READ_TIMEOUT_SECONDS: '20', ...env },
  });

async function ask(pictor: PictorProcess, origin: Origin, index: number): Promise<Buffer> {
  const reply = await pictor.get(`/40x/${origin.url}/${index}.png`);
  assert.match(await shapeOf(reply), /^png 40x\d+$/);
  return reply.body;
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** What imageproxy has left. */
const theirs = 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Type: image/png\r\n\r\ntheirs!';

/** A second server with the same cache, which need not ask the origin. */
async function isShared(t: TestContext, again: () => Promise<PictorProcess>, origin: Origin) {
  const first = await again();
  const made = await ask(first, origin, 0);
  assert.equal(await first.stop(), 0);
  const second = await again();
  assert.ok(made.equals(await ask(second, origin, 0)));
  assert.equal((await second.get(`/50x/${origin.url}/0.png`)).status, 200, 'the original is there, too');
  assert.equal(origin.count('/0.png'), 1);
  assert.equal(await second.stop(), 0);
  t.diagnostic('one fetch for two servers');
}

test('a folder that imageproxy has left is gone on with', async (t) => {
  const folder = await temporaryFolder(t);
  const origin = await gallery(t, 1);
  const url = `${origin.url}/0.png`;
  for (const text of [url, `${url}#40x0`, `${url}#1x1`]) {
    const place = entryOf(folder, text);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, theirs);
  }
  await isShared(t, () => start(t, [folder]), origin);
  for (const text of [url, `${url}#40x0`]) {
    const entry = readFileSync(entryOf(folder, text), 'latin1');
    assert.match(entry, /^HTTP\/1\.1 200 OK\r\nContent-Type: image\/png\r\nContent-Length: \d+\r\n/);
    assert.match(entry, /\r\ncache-control: max-age=3600\r\n/);
  }
  assert.equal(readFileSync(entryOf(folder, `${url}#1x1`), 'latin1'), theirs);
});

test('what memory holds is fetched anew once it is too old, the original too', async (t) => {
  const origin = await gallery(t, 1);
  const pictor = await start(t, ['memory:10:1s']);
  const made = await ask(pictor, origin, 0);
  assert.equal(origin.count('/0.png'), 1);
  await until('it is fetched once more', async () => {
    assert.ok(made.equals(await ask(pictor, origin, 0)));
    return origin.count('/0.png') > 1;
  });
  assert.equal(origin.requests.at(-1)?.headers['if-none-match'], undefined);
});

test('an original that has not changed is not worked on again, also after a restart', async (t) => {
  const folder = await temporaryFolder(t);
  const origin = await liveOrigin(t);
  const body = await drawing({ width: 80, height: 60, colour: 'teal' });
  const reply: OriginReply = { headers: { 'content-type': 'image/png' }, body, etag: '"1"' };
  origin.route('/0.png', reply);
  const first = await start(t, [folder]);
  for (let time = 0; time < 3; time += 1) await ask(first, origin, 0);
  assert.equal(await metric(first, 'pictor_transforms_total'), 1);
  assert.equal(await metric(first, 'pictor_fetches_total', { outcome: 'not-modified' }), 2);
  assert.equal(await first.stop(), 0);
  const second = await start(t, [folder]);
  await ask(second, origin, 0);
  assert.equal(await metric(second, 'pictor_transforms_total'), 0);
  assert.equal(await metric(second, 'pictor_fetches_total', { outcome: 'not-modified' }), 1);
  origin.route('/0.png', {
    ...reply,
    etag: '"2"',
    body: await drawing({ width: 90, height: 60, colour: 'red' }),
  });
  await ask(second, origin, 0);
  assert.equal(await metric(second, 'pictor_transforms_total'), 1);
  assert.equal(origin.requests.at(-1)?.headers['if-none-match'], '"1"');
});

test('a copy stands in for a source that fails, and headers it varies by tell copies apart', async (t) => {
  const origin = await liveOrigin(t);
  const body = await drawing({ width: 80, height: 60, colour: 'teal' });
  origin.route('/0.png', (_, earlier) =>
    earlier === 0
      ? { headers: { ...aged, 'cache-control': 'max-age=0, stale-if-error=600' }, body }
      : { status: 503, headers: { 'content-type': 'image/png' }, body: 'busy' },
  );
  origin.route('/1.png', ({ headers }) => ({
    headers: { ...aged, vary: 'X-Mine', 'x-told': String(headers['x-mine']) },
    body,
  }));
  const pictor = await livePictor(t, {
    args: ['imageproxy', '-allowPrivateSources', '-passRequestHeaders=X-Mine', '-passResponseHeaders=X-Told'],
  });
  const first = await ask(pictor, origin, 0);
  for (let time = 0; time < 3; time += 1) assert.ok(first.equals(await ask(pictor, origin, 0)));
  for (const mine of ['a', 'a', 'b', 'b', 'a']) {
    const reply = await pictor.get(`/40x/${origin.url}/1.png`, { 'X-Mine': mine });
    assert.equal(reply.headers['x-told'], mine);
  }
  assert.equal(origin.count('/1.png'), 3);
});

test('credentials of a client bring pictures for nobody else', async (t) => {
  const origin = await liveOrigin(t);
  const body = await drawing({ width: 80, height: 60, colour: 'teal' });
  origin.route('/0.png', ({ headers }) =>
    headers.authorization === 'Bearer me' ? { headers: aged, body } : { status: 404 },
  );
  const pictor = await livePictor(t, {
    args: ['imageproxy', '-allowPrivateSources', '-passRequestHeaders=Authorization'],
  });
  const get = (authorization: string) =>
    pictor.get(`/40x/${origin.url}/0.png`, { Authorization: authorization });
  const mine = await get('Bearer me');
  assert.deepEqual([mine.status, mine.headers['cache-control']], [200, 'private, no-store']);
  assert.equal((await get('Bearer you')).status, 404);
  assert.equal((await pictor.get(`/40x/${origin.url}/0.png`)).status, 404);
  assert.equal((await get('Bearer me')).status, 200);
});

const s3Cache = (service: RunningS3, bucket: string) => {
  const { host } = new URL(service.endpoint);
  return `s3://us-east-1/${bucket}/pre/fix?endpoint=${host}&disableSSL=1&s3ForcePathStyle=1`;
};
const awsOf = ({ accessKeyId, secretAccessKey }: RunningS3) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});

async function sharesBucket(t: TestContext, service: RunningS3): Promise<void> {
  const admin = adminOf(service);
  t.after(() => admin.destroy());
  const bucket = await freshBucket(admin);
  const origin = await gallery(t, 1);
  const url = `${origin.url}/0.png`;
  const names = [url, `${url}#40x0`, `${url}#50x0`].map((text) => `pre/fix/${md5(text)}`);
  for (const key of names) await putObject(admin, { bucket, key }, { Body: theirs });
  await isShared(t, () => start(t, [s3Cache(service, bucket)], awsOf(service)), origin);
  const { Contents = [] } = await admin.send(new ListObjectsV2Command({ Bucket: bucket }));
  assert.deepEqual(Contents.map(({ Key = '' }) => Key).toSorted(), names.toSorted());
}

test('a bucket of s3rver is shared, under the names imageproxy gives', async (t) => {
  const service = await startS3rver();
  t.after(() => service.close());
  await sharesBucket(t, service);
});

test('a bucket of Ceph is shared', { skip: radosgwMissing }, async (t) => {
  const service = await startRadosgw();
  t.after(() => service.close());
  await sharesBucket(t, service);
});

/** Everything is asked while the cache is there, dies, is gone and comes back. */
async function survives(
  { origin, pictor }: { origin: Origin; pictor: PictorProcess },
  { die, comeBack }: { die: () => Promise<void>; comeBack: () => Promise<void> },
): Promise<void> {
  const askAll = () => Promise.all(Array.from({ length: 40 }, (_, index) => ask(pictor, origin, index)));
  const before = await askAll();
  const dying = askAll();
  await die();
  await dying;
  await askAll();
  await until('the outage is told', async () => {
    await askAll();
    return pictor.output().includes('a cache cannot be reached');
  });
  await comeBack();
  await until('the end of it is told', () => pictor.output().includes('a cache is back'));
  const after = await askAll();
  for (const [index, body] of before.entries()) assert.ok(body.equals(after[index]!), `${index}.png`);
  assert.equal(await metric(pictor, 'pictor_errors_total'), 0, pictor.output());
}

test('requests are answered while a bucket dies and comes back', async (t) => {
  const folder = await temporaryFolder(t);
  let service = await startS3rver(0, folder);
  t.after(() => service.close());
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  admin.destroy();
  const origin = await gallery(t);
  const pictor = await start(t, ['memory:0', s3Cache(service, bucket)], awsOf(service));
  await survives(
    { origin, pictor },
    {
      die: () => service.close(),
      async comeBack() {
        service = await startS3rver(service.port, folder);
      },
    },
  );
});

test('requests are answered while Ceph dies and comes back', { skip: radosgwMissing }, async (t) => {
  const service = await startRadosgw();
  t.after(() => service.close());
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  admin.destroy();
  const origin = await gallery(t);
  const pictor = await start(t, ['memory:0', s3Cache(service, bucket)], awsOf(service));
  await survives({ origin, pictor }, { die: service.kill, comeBack: service.restart });
});

test('requests are answered while Redis dies and comes back', { skip: redisSkip }, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.close());
  const origin = await gallery(t);
  const env = { PICTOR_CACHE_REDIS_URL: redis.url, PICTOR_CACHE_REDIS_TIMEOUT_SECONDS: '1' };
  const pictor = await start(t, ['memory:0'], env);
  await survives({ origin, pictor }, { die: redis.kill, comeBack: redis.restart });
});

test('Google and Azure are shared, and Google may go', async (t) => {
  const google = await startFakeGcs();
  t.after(() => google.close());
  google.createBucket('pictures');
  const origin = await gallery(t, 1);
  const env = { PICTOR_CACHE_GCS_ENDPOINT: google.url, PICTOR_CACHE_GCS_ANONYMOUS: 'true' };
  await isShared(t, () => start(t, ['gcs://pictures/pre/fix'], env), origin);
  assert.ok(
    google.requests.some((target) =>
      target.includes(encodeURIComponent(`pre/fix/${md5(`${origin.url}/0.png`)}`)),
    ),
  );

  const azure: Azurite = await startAzurite();
  t.after(() => azure.close());
  const azureEnv = {
    AZURESTORAGE_ACCOUNT_NAME: azure.accountName,
    AZURESTORAGE_ACCESS_KEY: azure.accountKey,
    PICTOR_CACHE_ABS_ENDPOINT: azure.endpoint,
  };
  const other = await gallery(t, 1);
  await isShared(t, () => start(t, ['azure:///'], azureEnv), other);
});
