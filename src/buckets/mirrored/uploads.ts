import { stat } from 'node:fs/promises';
import type { Bucket } from '../../core/bucket.ts';
import { asPictorError, PictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';
import type { OwedFiles, OwedObject } from './owed-files.ts';
import { isTrouble, type RemoteHealth } from './remote-health.ts';

/** What waits for the remote, for metrics. */
export interface OwedStats {
  /** Objects. */
  readonly owed: number;
  readonly owedBytes: number;
  /** Epoch milliseconds at which the oldest of them was accepted; null: nothing is owed. */
  readonly oldest: number | null;
  /** Uploads so far: those that arrived, and tries that did not. */
  readonly uploaded: number;
  readonly failedTries: number;
}

/** Brings what is owed to the remote, for as long as it takes. */
export interface Uploads {
  add(owed: OwedObject): void;
  /** Settles when it has arrived. @throws PictorError with what kept it from arriving at the first try; it stays owed */
  arrived(owed: OwedObject): Promise<void>;
  owes(key: string): boolean;
  /**
   * Runs while nothing of this key is on its way. When it settles, what was owed of the key is forgotten; when it rejects, it
   * is owed as before.
   */
  without(key: string, work: () => Promise<void>): Promise<void>;
  /** Forgets what was owed of the key and accepted before a time (epoch milliseconds), once nothing of it is on its way. */
  disown(key: string, before: number): Promise<void>;
  stats(): OwedStats;
  /** Goes on for a moment where the remote answers; what is owed then stays on disk. */
  close(): Promise<void>;
}

export interface UploadsOptions {
  readonly files: OwedFiles;
  readonly remote: Pick<Bucket, 'put'>;
  readonly health: RemoteHealth;
  /** At the same time. */
  readonly concurrency: number;
  readonly emit: EmitEvent;
}

/** Objects of one folder, oldest first: one after another, so that what belongs to an original comes after it. */
interface Lane {
  readonly folder: string;
  readonly waiting: OwedObject[];
  /** Tries of the first that failed. */
  failures: number;
  /** True: it waits until it is tried again. */
  delayed: boolean;
  running: { readonly owed: OwedObject; readonly done: Promise<void> } | null;
  /** Keys somebody works with: nothing of the lane is sent meanwhile. */
  held: number;
}

/** Milliseconds, doubled from the first to the last: what the remote refuses today it may take when it was set right. */
const firstDelay = 1000;
const longestDelay = 5 * 60_000;

/** An orderly end waits this long for uploads. Milliseconds. */
const farewell = 5000;

export function createUploads({ files, remote, health, concurrency, emit }: UploadsOptions): Uploads {
  const lanes = new Map<string, Lane>();
  const ready = new Set<Lane>();
  const listeners = new Map<OwedObject, PromiseWithResolvers<void>>();
  const ending = new AbortController();
  const timers = new Set<NodeJS.Timeout>();
  let active = 0;
  let uploaded = 0;
  let failedTries = 0;
  let closed = false;
  let waking = false;

  function laneOf(key: string): Lane {
    const folder = folderOf(key);
    const lane = lanes.get(folder) ?? newLane(folder);
    lanes.set(folder, lane);
    return lane;
  }

  function after(milliseconds: number, work: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, milliseconds).unref();
    timers.add(timer);
  }

  /** While the remote is away, one at a time finds out whether it is back. */
  const width = () => (health.pause() > 0 ? 0 : health.isAway() ? 1 : concurrency);

  function pump(): void {
    if (closed) return;
    for (const lane of ready) {
      if (active >= width()) break;
      ready.delete(lane);
      if (lane.running === null && lane.held === 0) begin(lane);
    }
    if (ready.size === 0 || active > 0 || waking) return;
    waking = true;
    after(health.pause() + 1, () => {
      waking = false;
      pump();
    });
  }

  function begin(lane: Lane): void {
    const owed = lane.waiting[0];
    if (owed === undefined) {
      lanes.delete(lane.folder);
      return;
    }
    active += 1;
    const done = send(lane, owed).finally(() => {
      active -= 1;
      lane.running = null;
      pump();
    });
    lane.running = { owed, done };
  }

  async function send(lane: Lane, owed: OwedObject): Promise<void> {
    try {
      if (isCurrent(lane, owed)) await upload(owed);
      lane.failures = 0;
      await forget(lane, [owed]);
      again(lane, 0);
    } catch (thrown) {
      if (closed) return;
      const error = asPictorError(thrown);
      failedTries += 1;
      listeners.get(owed)?.reject(error);
      listeners.delete(owed);
      if (isTrouble(error)) health.failed(error);
      else health.answered();
      tell(lane, owed, error);
      again(lane, Math.min(longestDelay, firstDelay * 2 ** Math.min(lane.failures, 20)));
      lane.failures += 1;
    }
  }

  /** False: a later object of this key is owed as well, and replaces it. */
  const isCurrent = (lane: Lane, { key, order }: OwedObject): boolean =>
    lane.waiting.every((each) => each.key !== key || each.order <= order);

  async function upload({ key, body, size, contentType }: OwedObject): Promise<void> {
    if ((await stat(body).catch(() => null)) === null) {
      const facts = { key, file: body };
      emit({
        type: 'notice',
        level: 'error',
        message: 'an object that was owed is gone from the disk',
        facts,
      });
      return;
    }
    await remote.put(key, { file: body, size }, { contentType, signal: ending.signal });
    uploaded += 1;
    health.answered();
  }

  async function forget(lane: Lane, some: readonly OwedObject[]): Promise<void> {
    for (const owed of some) {
      const index = lane.waiting.indexOf(owed);
      if (index !== -1) lane.waiting.splice(index, 1);
      await files.settle(owed);
      listeners.get(owed)?.resolve();
      listeners.delete(owed);
    }
  }

  /** Trouble of the remote itself is told by its health. */
  function tell(lane: Lane, { key }: OwedObject, error: PictorError): void {
    if (isTrouble(error) || lane.failures > 0) return;
    const facts = { key, code: error.code, detail: error.detail };
    emit({
      type: 'notice',
      level: 'error',
      message: 'the bucket refuses an object; it stays on disk and is tried again',
      facts,
    });
  }

  function again(lane: Lane, delay: number): void {
    // Where the remote is away, its own pause is the only one: when it is back, everything goes on at once.
    lane.delayed = delay > 0 && !health.isAway();
    if (!lane.delayed) ready.add(lane);
    else
      after(delay, () => {
        lane.delayed = false;
        ready.add(lane);
        pump();
      });
  }

  function enqueue(lane: Lane, owed: OwedObject): void {
    const later = lane.waiting.findIndex(({ order }) => order > owed.order);
    lane.waiting.splice(later === -1 ? lane.waiting.length : later, 0, owed);
    if (!lane.delayed) ready.add(lane);
    pump();
  }

  /** Once nothing of the key's lane is on its way, and as long as that takes. */
  async function whileHeld(key: string, work: (lane: Lane) => Promise<void>): Promise<void> {
    const lane = laneOf(key);
    lane.held += 1;
    try {
      await lane.running?.done;
      await work(lane);
    } finally {
      lane.held -= 1;
      if (!lane.delayed) ready.add(lane);
      pump();
    }
  }

  const waitingIn = (key: string): readonly OwedObject[] => lanes.get(folderOf(key))?.waiting ?? [];
  const all = () => [...lanes.values()].flatMap(({ waiting }) => waiting);

  return {
    add: (owed) => enqueue(laneOf(owed.key), owed),
    arrived(owed) {
      if (!waitingIn(owed.key).includes(owed)) return Promise.resolve();
      const listener = listeners.get(owed) ?? Promise.withResolvers<void>();
      listeners.set(owed, listener);
      // Whoever waited may have left by then.
      listener.promise.catch(() => {});
      return listener.promise;
    },
    owes: (key) => waitingIn(key).some((each) => each.key === key),
    async without(key, work) {
      await whileHeld(key, async (lane) => {
        await work();
        await forget(
          lane,
          lane.waiting.filter((each) => each.key === key),
        );
      });
    },
    async disown(key, before) {
      if (!waitingIn(key).some((each) => each.key === key && each.order < before)) return;
      await whileHeld(key, (lane) =>
        forget(
          lane,
          lane.waiting.filter((each) => each.key === key && each.order < before),
        ),
      );
    },
    stats() {
      const waiting = all();
      return {
        owed: waiting.length,
        owedBytes: waiting.reduce((sum, { size }) => sum + size, 0),
        oldest: waiting.reduce<number | null>((least, { order }) => Math.min(least ?? order, order), null),
        uploaded,
        failedTries,
      };
    },
    async close() {
      const end = performance.now() + farewell;
      while (active + ready.size > 0 && !health.isAway() && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      closed = true;
      ending.abort(new PictorError('SHUTTING_DOWN'));
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([...lanes.values()].flatMap(({ running }) => running?.done ?? []));
    },
  };
}

const folderOf = (key: string): string => key.slice(0, Math.max(0, key.lastIndexOf('/')));

const newLane = (folder: string): Lane => ({
  folder,
  waiting: [],
  failures: 0,
  delayed: false,
  running: null,
  held: 0,
});
