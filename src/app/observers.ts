import type { EmitEvent, PictorEvent } from '../core/events.ts';
import type { AccessLog } from '../observe/access-log.ts';
import { createAccessLog } from '../observe/access-log.ts';
import type { Gauges } from '../observe/gauges.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { AppConfig } from './settings.ts';

/** Who hears of what happens. */
export interface Observers {
  readonly emit: EmitEvent;
  readonly log: AccessLog;
  /** Null when nobody could read them: there is no listener for operators. */
  readonly metrics: DeferredMetrics | null;
}

/** Metrics whose code is loaded after the start; what happens before is counted then. */
export interface DeferredMetrics {
  readonly listen: EmitEvent;
  /** Loads the code, or waits for it. */
  load(): Promise<Metrics>;
}

function deferMetrics(version: string, gauges: () => Gauges): DeferredMetrics {
  let metrics: Metrics | null = null;
  let loading: Promise<Metrics> | null = null;
  let missed: PictorEvent[] = [];

  async function start(): Promise<Metrics> {
    const { createMetrics } = await import('../observe/metrics.ts');
    metrics = createMetrics({ version });
    metrics.watch(gauges());
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

interface ObserversParts {
  readonly config: AppConfig;
  readonly version: string;
  /** What the gauges read; asked once everything is put together. */
  readonly gauges: () => Gauges;
}

/** Log and metrics, both listeners of the one stream of events. */
export function createObservers({ config, version, gauges }: ObserversParts): Observers {
  const log = createAccessLog({ settings: config.log });
  const metrics = config.admin.bind === '' ? null : deferMetrics(version, gauges);
  return {
    log,
    metrics,
    emit(event) {
      log.listen(event);
      metrics?.listen(event);
    },
  };
}
