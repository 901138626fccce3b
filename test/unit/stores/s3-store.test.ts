/** What the S3 store does besides the contract: when the service is away, and how objects look to others. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createS3Service } from '../../../src/cloud/s3-session.ts';
import { PictorError } from '../../../src/core/errors.ts';
import type { PictorEvent } from '../../../src/core/events.ts';
import { flatLayout } from '../../../src/stores/s3/layout.ts';
import { createS3Store, type S3StoreOptions } from '../../../src/stores/s3-store.ts';
import { expectBlob, inChunks } from '../../contract/store.ts';
import { eventually } from '../../support/eventually.ts';
import { adminOf, connectionTo, freshBucket, putObject } from '../../support/s3-service.ts';
import { type RunningS3rver, startS3rver } from '../../support/s3rver.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Setting {
  readonly service: RunningS3rver;
  readonly admin: S3Client;
  readonly bucket: string;
  readonly events: PictorEvent[];
  readonly store: ReturnType<typeof createS3Store>;
  /** Ends the service; the function it gives starts it again, with all it held. */
  stop(): Promise<() => Promise<void>>;
}

async function setUp(t: TestContext, options: Partial<S3StoreOptions> = {}): Promise<Setting> {
  const folder = await temporaryFolder(t);
  const service = await startS3rver(0, folder);
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  const events: PictorEvent[] = [];
  const store = createS3Store({
    service: createS3Service(connectionTo(service, { maxAttempts: 1 })),
    bucket,
    layout: flatLayout('cache/'),
    readSeconds: 30,
    writeSeconds: 30,
    emit: (event) => events.push(event),
    ...options,
  });
  let running: RunningS3rver | null = service;
  t.after(async () => {
    await store.close();
    admin.destroy();
    await running?.close();
  });
  const stop = async () => {
    await running?.close();
    running = null;
    return async () => {
      running = await startS3rver(service.port, folder);
    };
  };
  return { service, admin, bucket, events, store, stop };
}

const body = Buffer.from('the body');
const isStoreFailure = (error: unknown) => error instanceof PictorError && error.code === 'STORE_FAILED';
const noticed = (events: readonly PictorEvent[], word: string) =>
  events.filter((event) => event.type === 'notice' && event.message.includes(word)).length;

test('an object can be read by others: its body, and its type', async (t) => {
  const { admin, bucket, store } = await setUp(t);
  await store.put('aaaa', body, { mediaType: 'image/webp' });
  const object = await admin.send(new GetObjectCommand({ Bucket: bucket, Key: 'cache/aaaa' }));
  assert.equal(object.ContentType, 'image/webp');
  assert.equal(await object.Body?.transformToString(), 'the body');
});

test('a change of meta keeps body and type', async (t) => {
  const { admin, bucket, store } = await setUp(t);
  await store.put('aaaa', body, { mediaType: 'image/webp', age: 1 });
  await store.setMeta('aaaa', { mediaType: 'image/webp', age: 2 });
  const head = await admin.send(new HeadObjectCommand({ Bucket: bucket, Key: 'cache/aaaa' }));
  assert.equal(head.ContentType, 'image/webp');
  await expectBlob(store, 'aaaa', body, { mediaType: 'image/webp', age: 2 });
});

test('a meta that is too long for the headers goes along all the same, and is changed like any other', async (t) => {
  const { store } = await setUp(t);
  const long = { policy: 'x'.repeat(20_000) };
  await store.put('aaaa', body, long);
  await expectBlob(store, 'aaaa', body, long);
  await store.setMeta('aaaa', { short: true });
  await expectBlob(store, 'aaaa', body, { short: true });
  await store.setMeta('aaaa', long);
  await expectBlob(store, 'aaaa', body, long);
  const large = Buffer.alloc(9_000_000, 7);
  await store.put('bbbb', inChunks(large, 1_000_000), () => long);
  await expectBlob(store, 'bbbb', large, long);
});

test('an object of somebody else is missing, unless it is adopted', async (t) => {
  const { admin, bucket, store } = await setUp(t);
  await putObject(admin, { bucket, key: 'cache/aaaa' }, { Body: 'theirs', ContentType: 'image/png' });
  assert.equal(await store.get('aaaa'), null);
  const adopting = await setUp(t, { adopt: ({ contentType, size }) => ({ contentType, size }) });
  const place = { bucket: adopting.bucket, key: 'cache/aaaa' };
  await putObject(adopting.admin, place, { Body: 'theirs', ContentType: 'image/png' });
  await expectBlob(adopting.store, 'aaaa', Buffer.from('theirs'), { contentType: 'image/png', size: 6 });
});

test('a body that is not the one its meta was made for counts as missing, and is told', async (t) => {
  const { admin, bucket, events, store } = await setUp(t);
  await store.put('aaaa', body, {});
  const { Metadata: metadata = {} } = await admin.send(
    new HeadObjectCommand({ Bucket: bucket, Key: 'cache/aaaa' }),
  );
  await putObject(admin, { bucket, key: 'cache/aaaa' }, { Body: 'the b0dy', Metadata: metadata });
  assert.equal(await store.get('aaaa'), null);
  assert.ok(events.some((event) => event.type === 'store' && event.what === 'read-failed'));
});

test('a body larger than the store holds is forgotten, with the old one of that key', async (t) => {
  const { store } = await setUp(t, { maxBlobBytes: 1000 });
  for (const large of [Buffer.alloc(1001), inChunks(Buffer.alloc(5000), 100)]) {
    await store.put('aaaa', body, {});
    await store.put('aaaa', large, {});
    assert.equal(await store.get('aaaa'), null);
  }
});

test('an object of another place in the bucket is not listed', async (t) => {
  const { admin, bucket, store } = await setUp(t);
  await store.put('aaaa', body, {});
  await putObject(admin, { bucket, key: 'other/aabb' }, { Body: 'x' });
  const keys: string[] = [];
  for await (const key of store.list?.('') ?? []) keys.push(key);
  assert.deepEqual(keys, ['aaaa']);
});

test('while the service is away everything fails at once, told once; then it comes back by itself', async (t) => {
  const { events, store, stop } = await setUp(t);
  await store.put('aaaa', body, { n: 1 });
  const start = await stop();
  assert.equal(await store.get('aaaa'), null);
  await assert.rejects(store.put('bbbb', body, {}), isStoreFailure);
  assert.equal(noticed(events, 'cannot be reached'), 1);
  const told = events.length;
  for (let round = 0; round < 50; round += 1) {
    assert.equal(await store.get('aaaa'), null);
    await store.setMeta('aaaa', { n: 2 });
    await assert.rejects(store.put(`cccc${round}`, body, {}), isStoreFailure);
    await assert.rejects(store.delete('eeee'), isStoreFailure);
  }
  assert.equal(events.length, told, 'no line per request');
  await start();
  await eventually('the store is back', async () => (await store.get('aaaa')) !== null);
  assert.equal(noticed(events, 'is back'), 1);
  await store.put('bbbb', body, { n: 3 });
  await expectBlob(store, 'bbbb', body, { n: 3 });
});

test('what could not be deleted or replaced while it was away does not come back', async (t) => {
  const { store, stop } = await setUp(t);
  for (const key of ['aaaa', 'bbbb', 'cccc']) await store.put(key, body, { n: 1 });
  const start = await stop();
  await assert.rejects(store.delete('aaaa'), isStoreFailure);
  await assert.rejects(store.put('bbbb', Buffer.from('newer'), {}), isStoreFailure);
  await start();
  await eventually('the store is back', async () => (await store.get('cccc')) !== null);
  assert.equal(await store.get('aaaa'), null);
  assert.equal(await store.get('bbbb'), null);
});

test('a service that takes a connection and says nothing is left alone after its time', async (t) => {
  const { createServer } = await import('node:net');
  const silent = createServer((socket) => void socket.on('error', () => {}));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address() as { port: number };
  const service = {
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'a',
    secretAccessKey: 'b',
    close: async () => {},
  };
  const events: PictorEvent[] = [];
  const store = createS3Store({
    service: createS3Service(connectionTo(service)),
    bucket: 'silent',
    readSeconds: 0.2,
    emit: (event) => events.push(event),
  });
  t.after(() => store.close());
  assert.equal(await store.get('aaaa'), null);
  assert.equal(await store.get('aaaa'), null);
  assert.equal(noticed(events, 'cannot be reached'), 1);
});

test('bytes that pile up behind a slow service are refused beyond a bound', async (t) => {
  const { store } = await setUp(t, { maxWaitingBytes: 100_000 });
  const puts = Array.from({ length: 10 }, (_, index) => store.put(`aaaa${index}`, Buffer.alloc(40_000), {}));
  const settled = await Promise.allSettled(puts);
  const refused = settled.filter(({ status }) => status === 'rejected');
  assert.ok(refused.length > 0 && refused.length < 10, `${refused.length} refused`);
  await store.put('bbbb', Buffer.alloc(400_000), {});
});

test('a meta is not written to an object that was deleted', async (t) => {
  const { admin, bucket, store } = await setUp(t);
  await store.put('aaaa', body, { n: 1 });
  await admin.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'cache/aaaa' }));
  await store.setMeta('aaaa', { n: 2 });
  assert.equal(await store.get('aaaa'), null);
});

test('a copy made by other means within the bucket is still whole', async (t) => {
  const { admin, bucket, store } = await setUp(t);
  await store.put('aaaa', body, { n: 1 });
  const copy = { Bucket: bucket, Key: 'cache/bbbb', CopySource: `${bucket}/cache/aaaa` };
  await admin.send(new CopyObjectCommand(copy));
  await expectBlob(store, 'bbbb', body, { n: 1 });
});
