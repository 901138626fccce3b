import {
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { EmitEvent, PictorEvent } from '../core/events.ts';
import { type Counts, createCounts } from './counts.ts';
import { addGauges, type Gauges } from './gauges.ts';
import { createKeepingMetrics } from './keeping-metrics.ts';

/** Prometheus metrics: a listener of events, gauges that are asked when somebody looks, and the page. */
export interface Metrics {
  readonly listen: EmitEvent;
  /** Names what the gauges read. Until then, and for what is left out, they are absent from the page. */
  watch(gauges: Gauges): void;
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** The same as values, for a page of several processes. */
  values(): Promise<MetricObjectWithValues<MetricValue<string>>[]>;
}

type EventOf<Type extends PictorEvent['type']> = Extract<PictorEvent, { type: Type }>;

/** Seconds; from a hit in memory to the longest a slow source and a large picture may take together. */
const requestBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const workBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Builds the metrics, on a registry of their own. Every name is documented in docs/reference/metrics.md. Labels hold only
 * what the operator or this code named (mounts, codes, formats, tiers), never anything a client sent.
 */
export function createMetrics({ version }: { readonly version: string }): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const info = new Gauge({
    name: 'pictor_build_info',
    help: 'Always 1; the version is in the label.',
    labelNames: ['version', 'node'],
    aggregator: 'first',
    registers: [registry],
  });
  info.set({ version, node: process.version }, 1);

  const listeners = {
    request: createRequestMetrics(registry),
    fetch: createFetchMetrics(registry),
    transform: createTransformMetrics(registry),
    worker: createWorkerMetrics(registry),
    store: createStoreMetrics(registry),
    idle: createIdleMetrics(registry),
    keeping: createKeepingMetrics(registry),
  };

  return {
    listen(event) {
      switch (event.type) {
        case 'request':
          return listeners.request(event);
        case 'fetch':
          return listeners.fetch(event);
        case 'transform':
          return listeners.transform(event);
        case 'worker':
          return listeners.worker(event);
        case 'store':
          return listeners.store(event);
        case 'idle':
          return listeners.idle(event);
        case 'upload':
        case 'variant':
        case 'webhook':
          return listeners.keeping(event);
        case 'variants-ready':
        case 'notice':
          return;
      }
    },
    watch: (gauges) => addGauges(registry, gauges),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    values: () => registry.getMetricsAsJSON(),
  };
}

function createRequestMetrics(registry: Registry): (event: EventOf<'request'>) => void {
  const counts = (name: string, help: string, labels: [string?, string?]): Counts =>
    createCounts({ registry, name, help, labels });
  const requests = counts('pictor_requests_total', 'Requests answered.', ['mount', 'status']);
  const results = counts('pictor_cache_results_total', 'Where pictures came from.', ['result', 'tier']);
  const bytes = counts('pictor_response_bytes_total', 'Body bytes sent to clients.', ['mount']);
  const errors = counts('pictor_errors_total', 'Requests that failed, by error code.', ['code']);
  const seconds = new Histogram({
    name: 'pictor_request_seconds',
    help: 'From the head of a request to its answer, without the time the client takes to read it.',
    labelNames: ['result'],
    buckets: requestBuckets,
    registers: [registry],
  });
  const waits = new Histogram({
    name: 'pictor_queue_wait_seconds',
    help: 'Time a request waited for a place at a gate.',
    labelNames: ['gate'],
    buckets: workBuckets,
    registers: [registry],
  });

  return (event) => {
    requests.add(1, event.mount, event.status);
    results.add(1, event.cache, event.tier ?? '');
    if (event.bytes > 0) bytes.add(event.bytes, event.mount);
    if (event.error !== undefined) errors.add(1, event.error);
    seconds.observe({ result: event.cache }, event.ms / 1000);
    const { fetchWait, processWait } = event.timings ?? {};
    if (fetchWait !== undefined) waits.observe({ gate: 'fetch' }, fetchWait / 1000);
    if (processWait !== undefined) waits.observe({ gate: 'process' }, processWait / 1000);
  };
}

function createFetchMetrics(registry: Registry): (event: EventOf<'fetch'>) => void {
  const fetches = createCounts({
    registry,
    name: 'pictor_fetches_total',
    help: 'Questions to sources: found, not-modified or an error code.',
    labels: ['outcome'],
  });
  const bytes = createCounts({
    registry,
    name: 'pictor_fetch_bytes_total',
    help: 'Bytes read from sources.',
  });
  const seconds = new Histogram({
    name: 'pictor_fetch_seconds',
    help: 'Reading an original from its source, to the last byte.',
    buckets: workBuckets,
    registers: [registry],
  });
  return (event) => {
    fetches.add(1, event.outcome);
    bytes.add(event.bytes);
    seconds.observe(event.ms / 1000);
  };
}

function createTransformMetrics(registry: Registry): (event: EventOf<'transform'>) => void {
  const counts = (name: string, help: string, labels: [string?, string?]): Counts =>
    createCounts({ registry, name, help, labels });
  const transforms = counts('pictor_transforms_total', 'Pictures made.', ['from', 'to']);
  const reused = counts(
    'pictor_transforms_reused_total',
    'Pictures made of a mezzanine: their original was not decoded.',
    ['from', 'to'],
  );
  const frames = counts('pictor_transform_frames_total', 'Frames of the pictures made.', ['to']);
  const bytes = counts('pictor_transform_bytes_total', 'Bytes of the pictures made.', ['to']);
  const histogram = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Histogram({ name, help, labelNames, buckets: workBuckets, registers: [registry] });
  const transform = histogram(
    'pictor_transform_seconds',
    'Decoding, resizing and encoding of a picture, which run as one stream of rows wherever they can.',
    'from',
    'to',
  );
  const decode = histogram('pictor_decode_seconds', 'Decoding and resizing, where they ran apart.', 'from');
  const encode = histogram('pictor_encode_seconds', 'Encoding, where it ran apart.', 'to');

  return (event) => {
    transforms.add(1, event.from, event.to);
    if (event.reused === true) reused.add(1, event.from, event.to);
    frames.add(event.frames, event.to);
    bytes.add(event.bytes, event.to);
    const { from, to, decodeMs, encodeMs } = event;
    transform.observe({ from, to }, (decodeMs + encodeMs) / 1000);
    if (encodeMs === 0) return;
    decode.observe({ from }, decodeMs / 1000);
    encode.observe({ to }, encodeMs / 1000);
  };
}

function createWorkerMetrics(registry: Registry): (event: EventOf<'worker'>) => void {
  const name = 'pictor_worker_events_total';
  const help = 'Engine workers started, and ended: recycled, crashed, timeout, memory.';
  const events = createCounts({ registry, name, help, labels: ['what'] });
  return (event) => events.add(1, event.what);
}

function createStoreMetrics(registry: Registry): (event: EventOf<'store'>) => void {
  const name = 'pictor_store_events_total';
  const help = 'What happened in stores: evicted, repaired, read-failed, write-failed.';
  const events = createCounts({ registry, name, help, labels: ['store', 'what'] });
  return (event) => events.add(event.count ?? 1, event.store, event.what);
}

function createIdleMetrics(registry: Registry): (event: EventOf<'idle'>) => void {
  const name = 'pictor_idle_work_total';
  const help =
    'Work that is done when there is time: queued, done, dropped because too much waits, or failed.';
  const events = createCounts({ registry, name, help, labels: ['work', 'what'] });
  return (event) => events.add(1, event.work, event.what);
}
