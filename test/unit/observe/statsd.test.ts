import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { type TestContext, test } from 'node:test';
import { statsdSettings } from '../../../src/observe/settings.ts';
import { createStatsd } from '../../../src/observe/statsd.ts';
import { eventually } from '../../support/eventually.ts';
import { imageServerEvents } from '../../support/image-server-events.ts';

const mounts = new Set(['/i']);

async function startReceiver(context: TestContext) {
  const datagrams: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message) => datagrams.push(message.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  context.after(() => socket.close());
  return { port: socket.address().port, datagrams };
}

test('counts go out under both sets of names, times in milliseconds, one datagram each', async (context) => {
  const { port, datagrams } = await startReceiver(context);
  const statsd = createStatsd({ settings: statsdSettings.parse({ port }), mounts });
  for (const event of imageServerEvents('/i')) statsd.listen(event);
  for (const event of imageServerEvents('/other')) if (event.type !== 'fetch') statsd.listen(event);
  await statsd.close();
  const expected = [
    'new_image.request_count:2|c',
    'new_image.request_failed_count:1|c',
    'upload.original_count:1|c',
    'processing.version.ok_count:1|c',
    'processing.version.ok.webp_count:1|c',
    'processing.version.noop_count:1|c',
    'processing.version.noop.webp_count:1|c',
    'processing.version.failed_count:1|c',
    'processing.version.failed.webp_count:1|c',
    'processing.versions.noop_count:1|c',
    'fetch.source_downloaded_count:1|c',
    'fetch.original_downloaded_count:1|c',
    'fetch.original_download_skipped_count:1|c',
    'fetch.original_unavailable_count:1|c',
    'image_request:1|c',
    'image_request.webp:1|c',
    'image_request_fail:1|c',
    'original_downloaded:1|c',
    'original_unavailable:1|c',
    ...['new_image:12', 'resize_many:30', 'resize_image:5', 'new_file:5'].flatMap((each) => {
      const [handler, ms] = each.split(':');
      const name = `${handler}.request_latency`;
      return [`${name}.count:1|a`, `${name}.avg:${ms}|ms`, `${name}.min:${ms}|ms`, `${name}.max:${ms}|ms`];
    }),
  ].map((line) => `image_server.${line}`);
  await eventually('all datagrams', () => datagrams.length >= expected.length);
  assert.deepEqual(datagrams.toSorted(), expected.toSorted());
});

test('what was counted goes out by itself, and once', async (context) => {
  const { port, datagrams } = await startReceiver(context);
  const settings = statsdSettings.parse({ port, prefix: 'web.%HOST%.' });
  const statsd = createStatsd({ settings, mounts });
  const [upload] = imageServerEvents('/i');
  statsd.listen(upload!);
  await eventually('two datagrams', () => datagrams.length >= 2);
  assert.deepEqual(datagrams.toSorted(), [
    `web.${hostname()}.new_image.request_count:1|c`,
    `web.${hostname()}.upload.original_count:1|c`,
  ]);
  await statsd.close();
  assert.equal(datagrams.length, 2);
});

test('a receiver that is not there hurts nobody', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((closed) => socket.close(() => closed()));
  const statsd = createStatsd({ settings: statsdSettings.parse({ port }), mounts });
  for (const event of imageServerEvents('/i')) statsd.listen(event);
  await statsd.close();
});
