/** What the S3 source does besides the contract of sources. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Source } from '../../../src/core/ports.ts';
import { createS3Source } from '../../../src/sources/s3-source.ts';
import { type S3SourceSettings, sourcesSettings } from '../../../src/sources/settings.ts';
import { startOrigin } from '../../support/origin.ts';
import { failureOf, openContext, readOriginal } from '../../support/reading.ts';
import { adminOf, freshBucket, putObject } from '../../support/s3-service.ts';
import { type RunningS3rver, startS3rver } from '../../support/s3rver.ts';

type Changes = Partial<Record<keyof S3SourceSettings, unknown>>;

const settingsOf = (changes: Changes) =>
  sourcesSettings.parse({
    s3: { enabled: true, region: 'us-east-1', accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER', ...changes },
  }).s3;

describe('s3 source', () => {
  let service: RunningS3rver;
  let admin: S3Client;
  let bucket: string;
  const opened: Source[] = [];

  before(async () => {
    service = await startS3rver();
    admin = adminOf(service);
    bucket = await freshBucket(admin);
  });
  after(async () => {
    for (const source of opened) await source.close?.();
    admin.destroy();
    await service.close();
  });

  function open(changes: Changes = {}, versionSeparator = '?'): Source {
    const source = createS3Source(settingsOf({ endpoint: service.endpoint, ...changes }), {
      versionSeparator,
    });
    opened.push(source);
    return source;
  }
  const put = (key: string, more: object = {}) => putObject(admin, { bucket, key }, { Body: key, ...more });
  const textAt = async (source: Source, key: string) =>
    (await readOriginal(await source.open(`s3://${bucket}/${key}`, openContext()))).toString();

  test('a key is literal text', async () => {
    const source = open();
    for (const key of [
      'a b.png',
      'é/ü €.png',
      '100%.png',
      'a%20b.png',
      'a#b.png',
      'a+b&c=d.png',
      "it's (1)!*.png",
    ]) {
      await put(key);
      assert.equal(await textAt(source, key), key);
    }
  });

  test('the separator ends the key; without one, a question mark is part of it', async () => {
    await put('a.png');
    await put('a.png?b');
    assert.equal(await textAt(open({}, ''), 'a.png?b'), 'a.png?b');
    assert.equal(await textAt(open({}, '?'), 'a.png?'), 'a.png');
    assert.equal(await textAt(open({}, '::'), 'a.png?b::'), 'a.png?b');
  });

  test('what the object says of its age is handed on, and nothing of its owner', async () => {
    const facts = { CacheControl: 'max-age=77', ContentType: 'image/png', Metadata: { owner: 'me' } };
    await put('aged.png', facts);
    const answer = await open().open(`s3://${bucket}/aged.png`, openContext());
    assert.ok(answer.status === 'found');
    await readOriginal(answer);
    assert.equal(answer.contentType, 'image/png');
    assert.equal(answer.response?.headers['cache-control'], 'max-age=77');
    assert.deepEqual(
      Object.keys(answer.response?.headers ?? {}).filter((name) => name.startsWith('x-amz')),
      [],
    );
  });

  test('allowed buckets are those that may be read, denied ones never', async () => {
    await put('a.png');
    const uri = `s3://${bucket}/a.png`;
    await failureOf(open({ allowedBuckets: ['other'] }).open(uri, openContext()), 'SOURCE_NOT_FOUND');
    await failureOf(open({ deniedBuckets: [bucket] }).open(uri, openContext()), 'SOURCE_NOT_FOUND');
    const both = open({ allowedBuckets: [bucket], deniedBuckets: [bucket] });
    await failureOf(both.open(uri, openContext()), 'SOURCE_NOT_FOUND');
    assert.equal(await textAt(open({ allowedBuckets: [bucket] }), 'a.png'), 'a.png');
  });

  test('a key cannot lead out of its bucket', async () => {
    const other = await freshBucket(admin);
    await putObject(admin, { bucket: other, key: 'secret.png' }, { Body: 'secret' });
    const source = open({ allowedBuckets: [bucket] });
    for (const key of [`../${other}/secret.png`, `a/../../${other}/secret.png`, './a.png', 'a/..'])
      await failureOf(source.open(`s3://${bucket}/${key}`, openContext()), 'SOURCE_NOT_FOUND');
  });

  test('no bucket, no key, an ARN or a host in its place: no URI of ours', async () => {
    const source = open();
    const arn = 'arn:aws:s3:eu-central-1:123456789012:accesspoint:mine';
    for (const uri of [
      's3://',
      's3:///a',
      `s3://${bucket}`,
      `s3://${bucket}/`,
      `s3://${arn}/a`,
      's3://host:80/a',
    ])
      await failureOf(source.open(uri, openContext()), 'SOURCE_INVALID');
  });

  test('a missing bucket is not found, an unknown key of ours a failure to be told', async () => {
    await failureOf(open().open('s3://not-there/a.png', openContext()), 'SOURCE_NOT_FOUND');
    const stranger = open({ accessKeyId: 'NOBODY', secretAccessKey: 'x' });
    const error = await failureOf(stranger.open(`s3://${bucket}/a.png`, openContext()), 'SOURCE_FAILED');
    assert.equal(error.message, 'Source is unreachable');
    assert.match(error.detail ?? '', /InvalidAccessKeyId/);
  });

  test('a service that is not there is unreachable, one that is silent too late', async () => {
    const gone = await startS3rver();
    await gone.close();
    const uri = `s3://${bucket}/a.png`;
    await failureOf(
      open({ endpoint: gone.endpoint, maxAttempts: 1 }).open(uri, openContext()),
      'SOURCE_UNREACHABLE',
    );
    const origin = await startOrigin();
    try {
      origin.route(`/${bucket}/a.png?x-id=GetObject`, { body: 'late', delayMs: 60_000 });
      const silent = open({ endpoint: origin.url, timeoutSeconds: 0.3 });
      await failureOf(silent.open(uri, openContext()), 'SOURCE_TIMEOUT');
    } finally {
      await origin.close();
    }
  });

  test('a body that ends early is truncated', async () => {
    const origin = await startOrigin();
    try {
      origin.route(`/${bucket}/a.png?x-id=GetObject`, { body: 'short', declaredLength: 5000 });
      const answer = open({ endpoint: origin.url }).open(`s3://${bucket}/a.png`, openContext());
      await failureOf(answer.then(readOriginal), 'SOURCE_TRUNCATED');
    } finally {
      await origin.close();
    }
  });

  test('a bucket of another region is a failure that says so', async () => {
    const origin = await startOrigin();
    try {
      const body =
        '<?xml version="1.0"?><Error><Code>PermanentRedirect</Code><Message>The bucket is elsewhere.</Message></Error>';
      origin.route(`/${bucket}/a.png?x-id=GetObject`, {
        status: 301,
        body,
        headers: { 'content-type': 'application/xml', 'x-amz-bucket-region': 'eu-north-1' },
      });
      const answer = open({ endpoint: origin.url }).open(`s3://${bucket}/a.png`, openContext());
      const error = await failureOf(answer, 'SOURCE_FAILED');
      assert.match(error.detail ?? '', /PermanentRedirect/);
    } finally {
      await origin.close();
    }
  });

  test('settings that cannot work are refused', () => {
    for (const changes of [
      { endpoint: 'minio:9000' },
      { endpoint: 'http://user:secret@minio:9000' },
      { secretAccessKey: '' },
      { accessPoints: { mine: 'not an arn' } },
      {
        endpoint: 'http://minio:9000',
        accessPoints: { mine: 'arn:aws:s3:eu-central-1:123456789012:accesspoint/mine' },
      },
    ])
      assert.throws(() => settingsOf(changes), JSON.stringify(changes));
  });
});
