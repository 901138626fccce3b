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

/** One that does not answer in time is left out: a page that is not whole is better than none. Milliseconds. */
const patience = 2000;

export async function createPages({ config, serving }: PagesParts): Promise<Pages> {
  const { createProcessesMetrics } = await import('../../observe/processes-metrics.ts');
  const own: ProcessesMetrics = createProcessesMetrics({ serving: () => serving().length });

  async function valuesOf({ channel }: Serving, name: PageName): Promise<MetricValues> {
    const late = new AbortController();
    const timeout = sleep(patience, [], { signal: late.signal }).catch(() => []);
    const values = await Promise.race([channel.ask('metrics', name).catch(() => []), timeout]);
    late.abort();
    return values;
  }

  async function page(name: PageName): Promise<MetricsPage> {
    const all = await Promise.all(serving().map((each) => valuesOf(each, name)));
    return own.page(all, { withOwn: name === 'ours' });
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
