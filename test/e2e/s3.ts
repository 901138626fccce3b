/** The real program with originals and variants in S3, on any service that is running. */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import {
  allowing,
  drawing,
  liveOrigin,
  livePictor,
  metric,
  nativeTarget,
  requestLines,
  shapeOf,
  until,
} from '../support/live-pictor.ts';
import { adminOf, freshBucket, putObject, type RunningS3 } from '../support/s3-service.ts';

/** Nothing of the machine's own, and no question to the address of cloud metadata. */
export const awsOf = ({ accessKeyId, secretAccessKey }: RunningS3): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** `pictor imgproxy` as an operator of imgproxy starts it for S3. */
export const imgproxyOn = (
  context: TestContext,
  service: RunningS3,
  env: Readonly<Record<string, string>> = {},
) =>
  livePictor(context, {
    args: ['imgproxy'],
    bind: 'IMGPROXY_BIND',
    env: { ...awsOf(service), IMGPROXY_USE_S3: 'true', IMGPROXY_S3_ENDPOINT: service.endpoint, ...env },
  });

/** `pictor serve` with a bucket for variants. */
export const cachingIn = (
  context: TestContext,
  service: RunningS3,
  { bucket, env }: { readonly bucket: string; readonly env: Readonly<Record<string, string>> },
) =>
  livePictor(context, {
    args: ['serve'],
    env: {
      AWS_EC2_METADATA_DISABLED: 'true',
      PICTOR_CACHE_DIR: '',
      PICTOR_CACHE_S3_BUCKET: bucket,
      PICTOR_CACHE_S3_ENDPOINT: service.endpoint,
      PICTOR_CACHE_S3_ACCESS_KEY_ID: service.accessKeyId,
      PICTOR_CACHE_S3_SECRET_ACCESS_KEY: service.secretAccessKey,
      PICTOR_CACHE_S3_READ_TIMEOUT_SECONDS: '20',
      ...env,
    },
  });

/** Path of a small variant of an object. */
export const smallOf = (source: string): string => `/unsafe/rs:fit:64:64/plain/${source}@png`;

/**
 * What holds on every service.
 * @param start gives one for the whole suite
 * @param more further tests on the same one
 */
export function describeS3(
  name: string,
  start: () => Promise<RunningS3>,
  more?: (running: () => { readonly service: RunningS3; readonly admin: S3Client }) => void,
): void {
  describe(`s3 end to end: ${name}`, () => {
    let service: RunningS3;
    let admin: S3Client;
    let bucket: string;
    before(async () => {
      service = await start();
      admin = adminOf(service);
      bucket = await freshBucket(admin);
    });
    after(async () => {
      admin?.destroy();
      await service?.close();
    });

    test('imgproxy URLs name objects, however their keys look', async (t) => {
      const picture = await drawing({ width: 120, height: 60, colour: 'teal' });
      for (const key of ['a b/é.png', '100%.png', 'what?.png']) {
        await putObject(admin, { bucket, key }, { Body: picture });
      }
      const pictor = await imgproxyOn(t, service, { IMGPROXY_SOURCE_URL_QUERY_SEPARATOR: '' });
      for (const key of ['a%20b/%C3%A9.png', '100%25.png', 'what%3F.png'])
        assert.equal(await shapeOf(await pictor.get(smallOf(`s3://${bucket}/${key}`))), 'png 64x32', key);
      const encoded = Buffer.from(`s3://${bucket}/a b/é.png`).toString('base64url');
      assert.equal(await shapeOf(await pictor.get(`/unsafe/rs:fit:64:64/${encoded}.png`)), 'png 64x32');
      assert.equal(await pictor.stop(), 0);
    });

    test('what is not there is 404, and a bucket that is denied looks no better', async (t) => {
      const other = await freshBucket(admin);
      const picture = await drawing({ width: 120, height: 60, colour: 'teal' });
      await putObject(admin, { bucket: other, key: 'a.png' }, { Body: picture });
      const pictor = await imgproxyOn(t, service, { IMGPROXY_S3_DENIED_BUCKETS: `x,${other}` });
      assert.equal((await pictor.get(smallOf(`s3://${bucket}/none.png`))).status, 404);
      assert.equal((await pictor.get(smallOf('s3://no-such-bucket/a.png'))).status, 404);
      const denied = await pictor.get(smallOf(`s3://${other}/a.png`));
      assert.equal(denied.status, 404);
      assert.doesNotMatch(denied.body.toString(), /bucket|AWS|NoSuch/i);
    });

    test('an object that changed is fetched again after its age, one that did not is only asked for', async (t) => {
      const [red, blue] = await Promise.all(
        ['red', 'blue'].map((colour) => drawing({ width: 80, height: 80, colour })),
      );
      const key = 'aging.png';
      await putObject(admin, { bucket, key }, { Body: red!, CacheControl: 'max-age=0, must-revalidate' });
      const pictor = await imgproxyOn(t, service);
      const target = smallOf(`s3://${bucket}/${key}`);
      const first = await pictor.get(target);
      const second = await pictor.get(target);
      assert.deepEqual(second.body, first.body);
      assert.equal(await metric(pictor, 'pictor_fetches_total', { outcome: 'not-modified' }), 1);
      await putObject(admin, { bucket, key }, { Body: blue!, CacheControl: 'max-age=0, must-revalidate' });
      assert.notDeepEqual((await pictor.get(target)).body, first.body);
    });

    test('two servers, one after the other, share what they make', async (t) => {
      const origin = await liveOrigin(t);
      origin.route('/a.png', {
        body: await drawing({ width: 300, height: 200, colour: 'navy' }),
        headers: { 'cache-control': 'max-age=3600' },
      });
      const cache = await freshBucket(admin);
      const target = nativeTarget(`${origin.url}/a.png`);
      const one = await cachingIn(t, service, { bucket: cache, env: allowing(origin) });
      const made = await one.get(target);
      assert.equal(await shapeOf(made), 'png 64x43');
      assert.equal(await one.stop(), 0, 'what was made is written before the end');
      const held = await admin.send(new ListObjectsV2Command({ Bucket: cache, Prefix: 'pictor/' }));
      assert.equal(held.Contents?.length, 1);

      const two = await cachingIn(t, service, { bucket: cache, env: allowing(origin) });
      const shared = await two.get(target);
      assert.deepEqual(shared.body, made.body);
      assert.equal(shared.headers['etag'], made.headers['etag']);
      assert.equal(origin.count('/a.png'), 1);
      await until('the log tells of the hit', () => requestLines(two).some(({ tier }) => tier === 's3'));
      assert.equal(await two.stop(), 0);
    });
    more?.(() => ({ service, admin }));
  });
}
