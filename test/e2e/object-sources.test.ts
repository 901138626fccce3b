/** The server with imgproxy's own variables, reading from Azure (Azurite) and from stand-ins for Google and OpenStack. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAzurite } from '../support/azurite.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';
import { startFakeSwift, swiftUser } from '../support/fake-swift.ts';
import { drawing, livePictor, shapeOf } from '../support/live-pictor.ts';

test('pictures are made of objects at Google, at Azure and in Swift', async (t) => {
  const body = await drawing({ width: 200, height: 100, colour: 'teal' });
  const [gcs, azurite, swift] = await Promise.all([startFakeGcs(), startAzurite(), startFakeSwift()]);
  for (const each of [gcs, azurite, swift]) t.after(() => each.close());
  gcs.createBucket('pictures');
  const old = gcs.put('pictures', 'a/b #1.png', { bytes: body });
  gcs.put('pictures', 'a/b #1.png', { bytes: await drawing({ width: 100, height: 200, colour: 'teal' }) });
  const container = azurite.client.getContainerClient('pictures');
  await container.create();
  await container.getBlockBlobClient('a/b #1.png').upload(body, body.length);
  swift.put('pictures', 'a/b #1.png', body);

  const pictor = await livePictor(t, {
    args: ['imgproxy'],
    bind: 'IMGPROXY_BIND',
    env: {
      IMGPROXY_USE_GCS: 'true',
      IMGPROXY_GCS_ENDPOINT: gcs.url,
      PICTOR_SOURCES_GCS_ANONYMOUS: 'true',
      IMGPROXY_USE_ABS: 'true',
      IMGPROXY_ABS_NAME: azurite.accountName,
      IMGPROXY_ABS_KEY: azurite.accountKey,
      IMGPROXY_ABS_ENDPOINT: azurite.endpoint,
      IMGPROXY_ABS_DENIED_BUCKETS: 'secrets',
      IMGPROXY_USE_SWIFT: 'true',
      IMGPROXY_SWIFT_AUTH_URL: `${swift.url}/v3`,
      IMGPROXY_SWIFT_USERNAME: swiftUser.username,
      IMGPROXY_SWIFT_API_KEY: swiftUser.apiKey,
      IMGPROXY_SWIFT_TENANT: swiftUser.tenant,
      IMGPROXY_SWIFT_DOMAIN: swiftUser.domain,
    },
  });
  const get = (source: string) => pictor.get(`/unsafe/rs:fit:50:50/plain/${encodeURIComponent(source)}@png`);
  const key = 'pictures/a/b #1.png';
  assert.equal(await shapeOf(await get(`gs://${key}`)), 'png 25x50');
  assert.equal(await shapeOf(await get(`gs://${key}?${old}`)), 'png 50x25');
  assert.equal(await shapeOf(await get(`abs://${key}`)), 'png 50x25');
  assert.equal(await shapeOf(await get(`swift://${key}`)), 'png 50x25');
  for (const source of [
    'gs://pictures/none',
    'abs://pictures/none',
    'swift://pictures/none',
    'abs://secrets/a',
  ])
    assert.equal((await get(source)).status, 404, source);
  for (const secret of [azurite.accountKey, swiftUser.apiKey]) assert.ok(!pictor.output().includes(secret));
});

test('a scheme that is not enabled is none', async (t) => {
  const pictor = await livePictor(t, { args: ['serve'] });
  for (const source of ['gs://a/b', 'abs://a/b', 'swift://a/b']) {
    const reply = await pictor.get(`/imgproxy/unsafe/plain/${encodeURIComponent(source)}`);
    assert.equal(reply.status, 404, source);
  }
});
