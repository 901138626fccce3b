import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessesMetrics } from '../../observe/processes-metrics.ts';
import type { AppConfig } from '../settings.ts';
import type { MetricsPage, MetricValues, PageName } from './questions.ts';
import type { Serving } from './serving.ts';

/** Pages of metrics that tell of all processes together. */
export interface Pages {
  page(name: PageName): Promise<MetricsPage>;
  /** For the listener for operators. */
  operators(): Promise<MetricsPage>;
  /** Counts a process that came or went. */
  note(what: 'started' | 'ended'): void;
}

export interface PagesParts {
  readonly config: Pick<AppConfig, 'mounts'>;
  /** Those that take requests. */
  readonly serving: () => readonly Serving[];
}

/** One that does not answer in time is told of as it was: an old page is better than none. Milliseconds. */
const patience = 2000;

export async function createPages({ config, serving }: PagesParts): Promise<Pages> {
  const { createProcessesMetrics } = await import('../../observe/processes-metrics.ts');
  const own: ProcessesMetrics = createProcessesMetrics({ serving: () => serving().length });

  const told = { ours: lastTold(own), imageServer: lastTold(own), imageproxy: lastTold(own) };

  async function page(name: PageName): Promise<MetricsPage> {
    await Promise.all(serving().map(async (each) => told[name].note(each, await valuesOf(each, name))));
    return own.page(await told[name].all(serving()), { withOwn: name === 'ours' });
  }

  return {
    page,
    note: own.note,
    async operators() {
      const ours = await page('ours');
      if (!config.mounts.some(({ dialect }) => dialect === 'image-server')) return ours;
      return { ...ours, text: ours.text + (await page('imageServer')).text };
    },
  };
}

/** Null: it did not answer. */
async function valuesOf({ channel }: Serving, name: PageName): Promise<MetricValues | null> {
  const late = new AbortController();
  const timeout = sleep(patience, null, { signal: late.signal }).catch(() => null);
  const values = await Promise.race([channel.ask('metrics', name).catch(() => null), timeout]);
  late.abort();
  return values;
}

/**
 * What each process told last, and what those that are gone had counted: a sum that falls would be taken for a restart, and
 * all that is left of it for new.
 */
function lastTold({ counted }: Pick<ProcessesMetrics, 'counted'>) {
  const last = new Map<Serving, MetricValues>();
  const buried = new WeakSet<Serving>();
  let gone: Promise<MetricValues> = Promise.resolve([]);
  return {
    note(each: Serving, values: MetricValues | null): void {
      if (values !== null && !buried.has(each)) last.set(each, values);
    },
    async all(living: readonly Serving[]): Promise<MetricValues[]> {
      for (const [each, values] of last) {
        if (living.includes(each)) continue;
        last.delete(each);
        buried.add(each);
        gone = gone.then((sum) => counted([sum, values]));
      }
      return [...last.values(), await gone];
    },
  };
}
