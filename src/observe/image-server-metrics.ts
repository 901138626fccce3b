import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PictorEvent } from '../core/events.ts';
import { createBoundedLabels } from './bounded-labels.ts';
import { type Mark, marksOf, type PlainName } from './image-server-marks.ts';
import type { Metrics } from './metrics.ts';

export interface ImageServerMetricsParts {
  /** Names of the mounts that speak image-server. */
  readonly mounts: ReadonlySet<string>;
  readonly version: string;
}

/** Namespaces, formats and qualities are what clients make of them: as many as this are told apart. */
const mostLabels = 1000;

const plainNames: Readonly<Partial<Record<PlainName, readonly [name: string, help: string]>>> = {
  'new_image.request': ['new_image_request_total', 'Uploads.'],
  'new_image.request_failed': ['new_image_request_failed_total', 'Uploads that failed.'],
  'fetch.source_downloaded': ['fetch_source_downloaded_total', 'Images read from the URLs of their sources.'],
  'fetch.original_downloaded': [
    'fetch_original_downloaded_total',
    'Originals read from where they are kept.',
  ],
  'fetch.original_unavailable': ['fetch_original_unavailable_total', 'Originals that were not there.'],
  'fetch.original_download_skipped': [
    'fetch_original_download_skipped_total',
    'Originals that were at hand as files.',
  ],
};

/**
 * Metrics under the names that image-server gave them, for dashboards and alerts that know those. They stand beside ours on
 * the page of the listener for operators.
 */
export function createImageServerMetrics({ mounts, version }: ImageServerMetricsParts): Metrics {
  const registry = new Registry();
  addBuildInfo(registry, version);
  const plain = plainCounters(registry);
  const versions = versionCounters(registry);
  const latency = new Histogram({
    name: 'image_server_request_latency_seconds',
    help: 'From the head of a request to its answer.',
    labelNames: ['handler'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });

  const note = (mark: Mark): void => {
    switch (mark.type) {
      case 'count':
        plain.get(mark.name)?.inc();
        return;
      case 'version':
        versions.one(mark);
        return;
      case 'versions-noop':
        versions.none(mark);
        return;
      case 'latency':
        latency.observe({ handler: mark.handler }, mark.ms / 1000);
    }
  };

  return {
    listen(event: PictorEvent) {
      for (const mark of marksOf(event, mounts)) note(mark);
    },
    watch: () => {},
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    values: () => registry.getMetricsAsJSON(),
  };
}

function addBuildInfo(registry: Registry, version: string): void {
  const info = new Gauge({
    name: 'image_server_build_info',
    help: 'Always 1; what runs is in the labels.',
    labelNames: ['go_version', 'version', 'git_hash', 'build_timestamp'],
    aggregator: 'first',
    registers: [registry],
  });
  info.set({ go_version: `node ${process.version}`, version, git_hash: '', build_timestamp: '' }, 1);
}

const plainCounters = (registry: Registry): ReadonlyMap<PlainName, Counter> =>
  new Map(
    Object.entries(plainNames).map(([mark, [name, help]]) => [
      mark as PlainName,
      new Counter({ name: `image_server_${name}`, help, registers: [registry] }),
    ]),
  );

function versionCounters(registry: Registry) {
  const labels = createBoundedLabels(mostLabels);
  const counter = (outcome: string, help: string) =>
    new Counter({
      name: `image_server_processing_version_${outcome}_total`,
      help,
      labelNames: ['namespace', 'format', 'quality'],
      registers: [registry],
    });
  const counters = {
    ok: counter('ok', 'Variants made.'),
    noop: counter('noop', 'Variants asked for by name that lay ready.'),
    failed: counter('failed', 'Variants that could not be made.'),
  };
  const nothing = new Counter({
    name: 'image_server_processing_versions_noop_total',
    help: 'Calls all of whose variants lay ready.',
    labelNames: ['namespace'],
    registers: [registry],
  });
  return {
    one({ outcome, of }: Extract<Mark, { type: 'version' }>) {
      counters[outcome].inc(labels.bounded({ ...of, quality: String(of.quality) }));
    },
    none({ namespace }: Extract<Mark, { type: 'versions-noop' }>) {
      nothing.inc(labels.bounded({ namespace }));
    },
  };
}
