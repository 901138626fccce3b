import type { EmitEvent, PictorEvent } from '../core/events.ts';
import type { AccessLog } from '../observe/access-log.ts';
import { createAccessLog } from '../observe/access-log.ts';
import type { Gauges } from '../observe/gauges.ts';
import { createInFlight, type InFlight } from '../observe/in-flight.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Statsd } from '../observe/statsd.ts';
import { mountName } from './mounts.ts';
import type { AppConfig } from './settings.ts';

/** Who hears of what happens. */
export interface Observers {
  readonly emit: EmitEvent;
  readonly log: AccessLog;
  /** Null when nobody could read them: there is no listener for operators. */
  readonly metrics: DeferredMetrics | null;
  /** Under imageproxy's names. Null when no mount shows them. */
  readonly imageproxyMetrics: DeferredMetrics | null;
  /** Under image-server's names, beside ours. Null when no mount speaks it, or nobody could read them. */
  readonly imageServerMetrics: DeferredMetrics | null;
  /** Requests that are not answered yet. */
  readonly inFlight: InFlight;
  /** Loads what was left out of the start. */
  warmUp(): void;
  /** Sends and writes what is held back, and ends the log. */
  close(): Promise<void>;
}

/** A listener whose code is loaded after the start; what happens before is told to it then. */
export interface Deferred<Listener> {
  readonly listen: EmitEvent;
  /** Loads the code, or waits for it. */
  load(): Promise<Listener>;
}

export type DeferredMetrics = Deferred<Metrics>;

function defer<Listener extends { readonly listen: EmitEvent }>(
  open: () => Promise<Listener>,
): Deferred<Listener> {
  let listener: Listener | null = null;
  let loading: Promise<Listener> | null = null;
  let missed: PictorEvent[] = [];

  async function start(): Promise<Listener> {
    const opened = await open();
    for (const event of missed) opened.listen(event);
    missed = [];
    listener = opened;
    return opened;
  }

  return {
    listen(event) {
      if (listener === null) missed.push(event);
      else listener.listen(event);
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

/** Log, metrics and StatsD, all listeners of the one stream of events. */
export function createObservers(parts: ObserversParts): Observers {
  const { config } = parts;
  const log = createAccessLog({ settings: config.log, isShared: config.server.processes > 1 });
  const inFlight = createInFlight();
  const imageServers = imageServerListeners(parts);
  const metrics = config.admin.bind === '' ? null : ourMetrics(parts);
  const imageproxyMetrics = config.mounts.some(showsMetrics)
    ? defer(async () => {
        const { createImageproxyMetrics } = await import('../observe/imageproxy-metrics.ts');
        return createImageproxyMetrics(inFlight.count);
      })
    : null;
  const { imageServerMetrics, statsd } = imageServers;
  const deferred = [metrics, imageproxyMetrics, imageServerMetrics, statsd].filter((each) => each !== null);
  return {
    log,
    metrics,
    imageproxyMetrics,
    imageServerMetrics,
    inFlight,
    emit(event) {
      log.listen(event);
      for (const { listen } of deferred) listen(event);
    },
    warmUp() {
      for (const { load } of deferred) void load();
    },
    async close() {
      await (await statsd?.load())?.close();
      await log.close();
    },
  };
}

const ourMetrics = ({ version, gauges }: ObserversParts): DeferredMetrics =>
  defer(async () => {
    const { createMetrics } = await import('../observe/metrics.ts');
    const own = createMetrics({ version });
    own.watch(gauges());
    return own;
  });

/** Those that count what image-server counted. */
function imageServerListeners({
  config,
  version,
}: ObserversParts): Pick<Observers, 'imageServerMetrics'> & { readonly statsd: Deferred<Statsd> | null } {
  const speaking = config.mounts.filter(({ dialect }) => dialect === 'image-server');
  if (speaking.length === 0) return { imageServerMetrics: null, statsd: null };
  const mounts = new Set(speaking.map(mountName));
  return {
    imageServerMetrics:
      config.admin.bind === ''
        ? null
        : defer(async () => {
            const { createImageServerMetrics } = await import('../observe/image-server-metrics.ts');
            return createImageServerMetrics({ mounts, version });
          }),
    statsd: config.statsd.enabled
      ? defer(async () => {
          const { createStatsd } = await import('../observe/statsd.ts');
          return createStatsd({ settings: config.statsd, mounts });
        })
      : null,
  };
}
