import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { PictorEvent } from '../../../src/core/events.ts';
import { createMetrics } from '../../../src/observe/metrics.ts';
import { createProcessesMetrics } from '../../../src/observe/processes-metrics.ts';
import { hitEvent } from '../../support/request-event.ts';

const hit: PictorEvent = hitEvent;
const { tier: _, ...untiered } = hit;
const failed: PictorEvent = {
  ...untiered,
  status: 502,
  bytes: 0,
  ms: 700,
  cache: 'none',
  error: 'SOURCE_FAILED',
  timings: { fetchWait: 20, processWait: 3 },
};

const original = { key: 'ns/original', md5: '', mediaType: 'image/jpeg', width: 1, height: 1 };
const variant = {
  type: 'variant',
  mount: '/i',
  bucket: '',
  original: 'ns/original',
  filename: 'x1.jpg',
  format: 'jpg',
  quality: 75,
  width: 1,
  height: 1,
} as const;

/** Lines of the page without comments, `name{labels} value`. */
async function page(
  events: readonly PictorEvent[],
  prepare?: (metrics: ReturnType<typeof createMetrics>) => void,
) {
  const metrics = createMetrics({ version: '1.2.3' });
  prepare?.(metrics);
  for (const event of events) metrics.listen(event);
  const { contentType, text } = await metrics.render();
  return { contentType, text, lines: text.split('\n').filter((line) => line.startsWith('pictor_')) };
}

const everyEvent: readonly PictorEvent[] = [
  hit,
  failed,
  { type: 'fetch', source: 'https://x/a', ms: 40, bytes: 5000, outcome: 'found' },
  {
    type: 'transform',
    from: 'jpeg',
    to: 'webp',
    decodeMs: 12,
    encodeMs: 30,
    bytes: 900,
    frames: 3,
    reused: true,
  },
  { type: 'worker', what: 'crashed', pid: 1 },
  { type: 'idle', work: 'mezzanine', what: 'done' },
  { type: 'store', store: 'variants', what: 'evicted', count: 7 },
  { type: 'notice', level: 'info', message: 'hello' },
  { type: 'upload', mount: '/i', bucket: '', ms: 40, stored: original },
  { type: 'upload', mount: '/i', bucket: '', ms: 4, error: 'IMAGE_BROKEN' },
  { ...variant, outcome: 'made' },
  { type: 'variants-ready', mount: '/i', bucket: '', original: 'ns/original' },
  { type: 'webhook', mount: '/i', event: 'image.uploaded', what: 'failed', attempts: 3 },
];

test('requests are counted by mount and status, results by tier, errors by code', async () => {
  const { lines, contentType } = await page([hit, hit, failed]);
  assert.match(contentType, /^text\/plain/);
  for (const line of [
    'pictor_requests_total{mount="/imgproxy",status="200"} 2',
    'pictor_requests_total{mount="/imgproxy",status="502"} 1',
    'pictor_cache_results_total{result="hit",tier="memory"} 2',
    'pictor_response_bytes_total{mount="/imgproxy"} 2000',
    'pictor_errors_total{code="SOURCE_FAILED"} 1',
    'pictor_request_seconds_bucket{le="0.0025",result="hit"} 2',
    'pictor_request_seconds_bucket{le="0.5",result="none"} 0',
    'pictor_request_seconds_bucket{le="1",result="none"} 1',
    'pictor_queue_wait_seconds_count{gate="fetch"} 1',
    'pictor_queue_wait_seconds_sum{gate="process"} 0.003',
    'pictor_build_info{version="1.2.3",node="' + process.version + '"} 1',
  ]) {
    assert.ok(lines.includes(line), `${line}\n\nnot in:\n${lines.join('\n')}`);
  }
});

test('a page read twice tells the same, and later counts are added', async () => {
  const metrics = createMetrics({ version: '1' });
  metrics.listen(hit);
  await metrics.render();
  metrics.listen(hit);
  const { text } = await metrics.render();
  assert.match(text, /pictor_requests_total\{mount="\/imgproxy",status="200"\} 2\n/);
});

test('fetches, transforms, workers and stores are counted', async () => {
  const { lines } = await page(everyEvent);
  for (const line of [
    'pictor_fetches_total{outcome="found"} 1',
    'pictor_fetch_bytes_total 5000',
    'pictor_fetch_seconds_sum 0.04',
    'pictor_transforms_total{from="jpeg",to="webp"} 1',
    'pictor_transform_frames_total{to="webp"} 3',
    'pictor_transform_bytes_total{to="webp"} 900',
    'pictor_transform_seconds_sum{from="jpeg",to="webp"} 0.042',
    'pictor_decode_seconds_sum{from="jpeg"} 0.012',
    'pictor_encode_seconds_sum{to="webp"} 0.03',
    'pictor_worker_events_total{what="crashed"} 1',
    'pictor_store_events_total{store="variants",what="evicted"} 7',
    'pictor_uploads_total{mount="/i",outcome="stored"} 1',
    'pictor_uploads_total{mount="/i",outcome="IMAGE_BROKEN"} 1',
    'pictor_upload_seconds_sum{mount="/i"} 0.04',
    'pictor_variants_total{mount="/i",outcome="made"} 1',
    'pictor_webhook_events_total{mount="/i",what="failed"} 1',
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

test('gauges are asked when the page is read', async () => {
  const metrics = createMetrics({ version: '1' });
  let waiting = 3;
  metrics.watch({
    connections: () => 5,
    gates: () => ({ fetch: { active: 1, waiting }, process: { active: 2, waiting: 0 } }),
    engine: () => ({ workers: 2, busy: 1, rssBytes: 1e8 }),
    stores: () => [
      { store: 'disk', bytes: 10, entries: 1 },
      { store: 'disk', mount: '/i', bytes: 20, entries: 2 },
    ],
    owed: () => ({ owed: 3, owedBytes: 70, oldest: null }),
    webhooks: () => ({ '/i': { count: 2, oldestSeconds: 7.5 } }),
  });
  await metrics.render();
  waiting = 4;
  const { text } = await metrics.render();
  assert.match(text, /pictor_queue_waiting\{gate="fetch"\} 4\n/);
  assert.match(text, /pictor_connections 5\n/);
  assert.match(text, /pictor_workers_resident_bytes 100000000\n/);
  assert.match(text, /pictor_store_entries\{store="disk"\} 1\n/);
  assert.match(text, /pictor_store_bytes\{store="disk",mount="\/i"\} 20\n/);
  assert.match(text, /pictor_owed_objects 3\n/);
  assert.match(text, /pictor_owed_bytes 70\n/);
  assert.match(text, /pictor_owed_oldest_seconds 0\n/);
  assert.match(text, /pictor_webhooks_waiting\{mount="\/i"\} 2\n/);
  assert.match(text, /pictor_webhooks_oldest_seconds\{mount="\/i"\} 7\.5\n/);
});

test('every metric is documented with its type and labels, and every documented metric exists', async () => {
  const { text, lines } = await page(everyEvent, (metrics) =>
    metrics.watch({
      connections: () => 1,
      gates: () => ({ fetch: { active: 0, waiting: 0 } }),
      engine: () => ({ workers: 1, busy: 0, rssBytes: 1 }),
      idle: () => 1,
      stores: () => [{ store: 'disk', mount: '/i', bytes: 1, entries: 1 }],
      owed: () => ({ owed: 0, owedBytes: 0, oldest: null }),
      webhooks: () => ({ '/i': { count: 0, oldestSeconds: 0 } }),
    }),
  );
  const ofSeveral = createProcessesMetrics({ serving: () => 2 });
  ofSeveral.note('started');
  const { text: more } = await ofSeveral.page([], { withOwn: true });
  lines.push(...more.split('\n').filter((line) => line.startsWith('pictor_')));
  const inCode = [...`${text}\n${more}`.matchAll(/^# TYPE (pictor_\w+) (\w+)$/gm)].map(([, name, type]) => {
    const line = lines.find(
      (candidate) => candidate.match(/^\w+/)![0].replace(/_(bucket|sum|count)$/, '') === name,
    )!;
    const labels = [...line.matchAll(/(\w+)="/g)]
      .map(([, label]) => label!)
      .filter((label) => label !== 'le');
    return `${name} ${type} ${labels.join(' ')}`;
  });
  const markdown = await readFile(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8');
  const inDocs = [...markdown.matchAll(/^\| `(pictor_\w+)` \| (\w+) \| (.*?) ?\| /gm)].map(
    ([, name, type, labels]) =>
      `${name} ${type} ${[...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label).join(' ')}`,
  );
  assert.deepEqual(inDocs.toSorted(), inCode.toSorted());
});
