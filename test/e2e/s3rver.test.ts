/** Pictor and S3 on a service that is quick to stop and start again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowing, drawing, liveOrigin, nativeTarget, shapeOf, until } from '../support/live-pictor.ts';
import { adminOf, freshBucket, putObject } from '../support/s3-service.ts';
import { startS3rver } from '../support/s3rver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { cachingIn, describeS3, imgproxyOn, smallOf } from './s3.ts';

describeS3('s3rver', startS3rver);

test('a source in S3 that dies and comes back', async (t) => {
  const folder = await temporaryFolder(t);
  let service = await startS3rver(0, folder);
  t.after(() => service.close());
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  const picture = await drawing({ width: 120, height: 60, colour: 'teal' });
  for (const key of ['a.png', 'b.png']) await putObject(admin, { bucket, key }, { Body: picture });
  admin.destroy();
  const pictor = await imgproxyOn(t, service);
  assert.equal((await pictor.get(smallOf(`s3://${bucket}/a.png`))).status, 200);

  await service.close();
  assert.equal(
    (await pictor.get(smallOf(`s3://${bucket}/a.png`))).status,
    200,
    'what is at hand is answered',
  );
  const failed = await pictor.get(smallOf(`s3://${bucket}/b.png`));
  assert.ok(failed.status >= 404, String(failed.status));
  assert.doesNotMatch(failed.body.toString(), /ECONN|127\.0\.0\.1|AWS/);

  service = await startS3rver(service.port, folder);
  await until('the object can be had', async () => {
    const { status } = await pictor.get(smallOf(`s3://${bucket}/b.png`));
    return status === 200;
  });
});

test('a cache in S3 that dies does not keep pictures from being made, and is used again when it is back', async (t) => {
  const folder = await temporaryFolder(t);
  let service = await startS3rver(0, folder);
  t.after(() => service.close());
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  admin.destroy();
  const origin = await liveOrigin(t);
  const picture = await drawing({ width: 120, height: 60, colour: 'teal' });
  for (let index = 0; index < 12; index += 1)
    origin.route(`/${index}.png`, { body: picture, headers: { 'cache-control': 'max-age=3600' } });
  const pictor = await cachingIn(t, service, { bucket, env: allowing(origin) });
  const get = (index: number) => pictor.get(nativeTarget(`${origin.url}/${index}.png`));
  assert.equal(await shapeOf(await get(0)), 'png 64x32');

  await service.close();
  for (let index = 1; index < 10; index += 1) assert.equal((await get(index)).status, 200);
  await until('the outage is told', () => pictor.output().includes('a cache cannot be reached'));

  service = await startS3rver(service.port, folder);
  await until('the end of it is told', () => pictor.output().includes('a cache is back'));
  assert.equal((await get(10)).status, 200);
  assert.equal(await pictor.stop(), 0);
  const two = await cachingIn(t, service, { bucket, env: allowing(origin) });
  assert.equal((await two.get(nativeTarget(`${origin.url}/10.png`))).status, 200);
  assert.equal(origin.count('/10.png'), 1, 'the second server found it in the bucket');
});

test('URLs of S3 are refused while it is switched off', async (t) => {
  const service = await startS3rver();
  t.after(() => service.close());
  const pictor = await imgproxyOn(t, service, { IMGPROXY_USE_S3: 'false' });
  const reply = await pictor.get(smallOf('s3://pictures/a.png'));
  assert.equal(reply.status, 404);
});
