import type { PurgeMarks } from '../../service/purge-marks.ts';
import { type RunOnce, runAlone } from '../../service/run-once.ts';
import { openPurges } from '../purging.ts';
import type { AppConfig } from '../settings.ts';
import type { DisownedObject, MetricsPage, MetricValues, PageName } from './questions.ts';

/** What a process does when another one has changed something. */
export interface Attached {
  metrics(page: PageName): Promise<MetricValues>;
  sweepMemory(): Promise<void>;
  forgetVariant(key: string): void;
  forgetObject(key: string): void;
  disown(object: DisownedObject): Promise<void>;
  settled(uris: string): Promise<void>;
}

/** The other processes that serve the same port, from one that does. */
export interface Peers {
  readonly count: number;
  /** True: it does what one of them has to do. */
  readonly isFirst: boolean;
  readonly runOnce: RunOnce;
  /** @throws PictorError STORE_FAILED */
  openPurges(caches: readonly Pick<AppConfig['cache'], 'dir'>[]): Promise<PurgeMarks>;
  /** Of all processes together; null: this one has all there is. */
  readonly page: ((name: PageName) => Promise<MetricsPage>) | null;
  objectChanged(key: string): void;
  disown(object: DisownedObject): Promise<void>;
  settled(uris: string): Promise<void>;
  /** Once everything is put together. */
  attach(attached: Attached): void;
}

/** For a server that is one process. */
export const alone: Peers = {
  count: 1,
  isFirst: true,
  runOnce: runAlone,
  openPurges,
  page: null,
  objectChanged() {},
  async disown() {},
  async settled() {},
  attach() {},
};
