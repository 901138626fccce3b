import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { PictorEvent } from '../../../src/core/events.ts';
import { createImageServerMetrics } from '../../../src/observe/image-server-metrics.ts';
import { imageServerEvents } from '../../support/image-server-events.ts';

async function page(events: readonly PictorEvent[]) {
  const metrics = createImageServerMetrics({ mounts: new Set(['/i']), version: '1.2.3' });
  for (const event of events) metrics.listen(event);
  const { text } = await metrics.render();
  return { text, lines: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')) };
}

test('what image-server counted is counted under its names', async () => {
  const { lines } = await page(imageServerEvents('/i'));
  for (const line of [
    `image_server_build_info{go_version="node ${process.version}",version="1.2.3",git_hash="",build_timestamp=""} 1`,
    'image_server_new_image_request_total 2',
    'image_server_new_image_request_failed_total 1',
    'image_server_processing_version_ok_total{namespace="products",format="webp",quality="75"} 1',
    'image_server_processing_version_noop_total{namespace="products",format="webp",quality="75"} 1',
    'image_server_processing_version_failed_total{namespace="products",format="webp",quality="75"} 1',
    'image_server_processing_versions_noop_total{namespace="products"} 1',
    'image_server_fetch_source_downloaded_total 1',
    'image_server_fetch_original_downloaded_total 1',
    'image_server_fetch_original_unavailable_total 1',
    'image_server_fetch_original_download_skipped_total 1',
    'image_server_request_latency_seconds_bucket{le="0.01",handler="new_image"} 0',
    'image_server_request_latency_seconds_bucket{le="0.025",handler="new_image"} 1',
    'image_server_request_latency_seconds_count{handler="resize_many"} 1',
    'image_server_request_latency_seconds_count{handler="resize_image"} 1',
    'image_server_request_latency_seconds_count{handler="new_file"} 1',
  ]) {
    assert.ok(lines.includes(line), `${line}\n\nnot in:\n${lines.join('\n')}`);
  }
});

test('counters that were never counted are there, as 0', async () => {
  const { lines } = await page([]);
  assert.ok(lines.includes('image_server_new_image_request_total 0'));
  assert.ok(lines.includes('image_server_fetch_original_unavailable_total 0'));
});

test('what other mounts do, and who is turned away, does not count', async () => {
  const elsewhere = imageServerEvents('/other').filter(({ type }) => type !== 'fetch');
  const refused = imageServerEvents('/i').flatMap((event) =>
    event.type === 'request' ? [{ ...event, status: 401 }] : [],
  );
  assert.deepEqual((await page([...elsewhere, ...refused])).lines, (await page([])).lines);
});

test('an upload from a URL that looks like one of ours is an upload', async () => {
  const upload = imageServerEvents('/i').find(({ type }) => type === 'request');
  assert.ok(upload?.type === 'request');
  const source = 'http://other.example.com/ns/6e0/072/682/e66287b662827da75b244a3/original';
  const { lines } = await page([{ ...upload, target: `/i/products?source=${source}` }]);
  const counts = lines.filter((line) => line.startsWith('image_server_request_latency_seconds_count'));
  assert.deepEqual(counts, ['image_server_request_latency_seconds_count{handler="new_image"} 1']);
});

test('namespaces that clients make up do not make the page grow for ever', async () => {
  const many = Array.from(
    { length: 1500 },
    (_, index): PictorEvent => ({
      type: 'variant',
      mount: '/i',
      bucket: '',
      original: `ns${index}/original`,
      outcome: 'made',
      filename: 'x1.jpg',
      format: 'jpg',
      quality: 75,
      width: 1,
      height: 1,
    }),
  );
  const { lines } = await page(many);
  const made = lines.filter((line) => line.startsWith('image_server_processing_version_ok_total{'));
  assert.equal(made.length, 1001);
  assert.ok(
    made.includes(
      'image_server_processing_version_ok_total{namespace="other",format="other",quality="other"} 500',
    ),
  );
});

test('every metric is documented with its type and labels, and every documented metric exists', async () => {
  const { text, lines } = await page(imageServerEvents('/i'));
  const inCode = [...text.matchAll(/^# TYPE (image_server_\w+) (\w+)$/gm)].map(([, name, type]) => {
    const line = lines.find((each) => each.match(/^\w+/)![0].replace(/_(bucket|sum|count)$/, '') === name)!;
    const labels = [...line.matchAll(/(\w+)="/g)]
      .map(([, label]) => label!)
      .filter((label) => label !== 'le');
    return `${name} ${type} ${labels.join(' ')}`;
  });
  const markdown = await readFile(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8');
  const inDocs = [...markdown.matchAll(/^\| `(image_server_\w+)` \| (\w+) \| (.*?) ?\| /gm)].map(
    ([, name, type, labels]) =>
      `${name} ${type} ${[...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label).join(' ')}`,
  );
  assert.deepEqual(inDocs.toSorted(), inCode.toSorted());
});
