import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';

type Values = MetricObjectWithValues<MetricValue<string>>[];

/** Types of metrics that only ever grow. */
const counting: ReadonlySet<string> = new Set(['counter', 'histogram']);

/** Metrics of several processes as one page, and of how they fare. */
export interface ProcessesMetrics {
  note(what: 'started' | 'ended'): void;
  /**
   * Counts and histograms are sums; each gauge says itself what becomes of it.
   * @param all of one process each
   */
  page(
    all: readonly Values[],
    options: { readonly withOwn: boolean },
  ): Promise<{ readonly contentType: string; readonly text: string }>;
  /** The sums of what is counted: counters and histograms. */
  counted(all: readonly Values[]): Promise<Values>;
}

/** @param serving how many take requests */
export function createProcessesMetrics({ serving }: { readonly serving: () => number }): ProcessesMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const count = new Gauge({
    name: 'pictor_processes',
    help: 'Processes that take requests.',
    registers: [],
    collect() {
      this.set(serving());
    },
  });
  registry.registerMetric(count);
  const events = new Counter({
    name: 'pictor_process_events_total',
    help: 'Serving processes that started, and that ended without being told to.',
    labelNames: ['what'],
    registers: [registry],
  });
  return {
    note: (what) => events.inc({ what }),
    async page(all, { withOwn }) {
      const own = withOwn ? [await registry.getMetricsAsJSON()] : [];
      const together = AggregatorRegistry.aggregate([...all, ...own]);
      return { contentType: registry.contentType, text: await together.metrics() };
    },
    async counted(all) {
      const together = await AggregatorRegistry.aggregate([...all]).getMetricsAsJSON();
      return together.filter(({ type }) => counting.has(String(type)));
    },
  };
}
