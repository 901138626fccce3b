import { Counter, collectDefaultMetrics, Gauge, Registry, Summary } from 'prom-client';
import type { CacheResult } from '../core/events.ts';
import type { Metrics } from './metrics.ts';

const fromCache: ReadonlySet<CacheResult> = new Set(['hit', 'stale', 'revalidated']);

/**
 * Metrics under the names that imageproxy gave them, for dashboards that know those. They count what all mounts do.
 * @param inFlight requests that are not answered yet
 */
export function createImageproxyMetrics(inFlight: () => number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const cached = new Counter({
    name: 'imageproxy_requests_served_from_cache_total',
    help: 'Images answered from the cache.',
    registers,
  });
  const transforms = new Summary({
    name: 'imageproxy_transformation_duration_seconds',
    help: 'Making an image: decoding, resizing, encoding.',
    percentiles: [],
    registers,
  });
  const fetchErrors = new Counter({
    name: 'imageproxy_remote_fetch_errors_total',
    help: 'Remote images that could not be fetched.',
    registers,
  });
  const requests = new Summary({
    name: 'http_request_duration_seconds',
    help: 'From the head of a request for an image to its answer.',
    percentiles: [],
    registers,
  });
  const running = new Gauge({
    name: 'http_requests_in_flight',
    help: 'Requests that are not answered yet.',
    registers,
  });

  return {
    listen(event) {
      if (event.type === 'request' && event.source !== undefined) {
        requests.observe(event.ms / 1000);
        if (fromCache.has(event.cache)) cached.inc();
      } else if (event.type === 'transform') {
        transforms.observe((event.decodeMs + event.encodeMs) / 1000);
      } else if (event.type === 'fetch' && !['found', 'not-modified'].includes(event.outcome)) {
        fetchErrors.inc();
      }
    },
    watch: () => {},
    async render() {
      running.set(inFlight());
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    async values() {
      running.set(inFlight());
      return registry.getMetricsAsJSON();
    },
  };
}
