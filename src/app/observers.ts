import type { EmitEvent, PictorEvent } from '../core/events.ts';
import type { AccessLog } from '../observe/access-log.ts';
import { createAccessLog } from '../observe/access-log.ts';
import type { Gauges } from '../observe/gauges.ts';
import { createInFlight, type InFlight } from '../observe/in-flight.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { AppConfig } from './settings.ts';

/** Who hears of what happens. */
export interface Observers {
  readonly emit: EmitEvent;
  readonly log: AccessLog;
  /** Null when nobody could read them: there is no listener for operators. */
  readonly metrics: DeferredMetrics | null;
  /** Under imageproxy's names. Null when no mount shows them. */
  readonly imageproxyMetrics: DeferredMetrics | null;
  /** Requests that are not answered yet. */
  readonly inFlight: InFlight;
}

/** Metrics whose code is loaded after the start; what happens before is counted then. */
export interface DeferredMetrics {
  readonly listen: EmitEvent;
  /** Loads the code, or waits for it. */
  load(): Promise<Metrics>;
}

function deferMetrics(open: () => Promise<Metrics>): DeferredMetrics {
  let metrics: Metrics | null = null;
  let loading: Promise<Metrics> | null = null;
  let missed: PictorEvent[] = [];

  async function start(): Promise<Metrics> {
    metrics = await open();
    for (const event of missed) metrics.listen(event);
    missed = [];
    return metrics;
  }

  return {
    listen(event) {
      if (metrics === null) missed.push(event);
      else metrics.listen(event);
    },
    load() {
      loading ??= start();
      return loading;
    },
  };
}

const showsMetrics = (mount: AppConfig['mounts'][number]): boolean =>
  mount.dialect === 'imageproxy' && mount.settings.metrics;

interface ObserversParts {
  readonly config: AppConfig;
  readonly version: string;
  /** What the gauges read; asked once everything is put together. */
  readonly gauges: () => Gauges;
}

/** Log and metrics, both listeners of the one stream of events. */
export function createObservers({ config, version, gauges }: ObserversParts): Observers {
  const log = createAccessLog({ settings: config.log });
  const inFlight = createInFlight();
  const metrics =
    config.admin.bind === ''
      ? null
      : deferMetrics(async () => {
          const { createMetrics } = await import('../observe/metrics.ts');
          const own = createMetrics({ version });
          own.watch(gauges());
          return own;
        });
  const imageproxyMetrics = config.mounts.some(showsMetrics)
    ? deferMetrics(async () => {
        const { createImageproxyMetrics } = await import('../observe/imageproxy-metrics.ts');
        return createImageproxyMetrics(inFlight.count);
      })
    : null;
  return {
    log,
    metrics,
    imageproxyMetrics,
    inFlight,
    emit(event) {
      log.listen(event);
      metrics?.listen(event);
      imageproxyMetrics?.listen(event);
    },
  };
}
