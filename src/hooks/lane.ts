import { asPictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { Outbox, OutboxEntry } from '../outbox/outbox.ts';
import type { Attempt, Post, PostOffice } from './post.ts';
import { nextAttempt, patientTries } from './schedule.ts';
import type { WebhooksSettings } from './settings.ts';

export interface LaneParts {
  /** Name of the mount, and of its entries in the outbox. */
  readonly mount: string;
  readonly office: PostOffice;
  /** For one attempt, in milliseconds. */
  readonly timeout: number;
  readonly outbox: Outbox;
  readonly settings: WebhooksSettings;
  readonly emit: EmitEvent;
  readonly now: () => number;
}

/** Deliveries of one mount. */
export interface Lane {
  /** Begins with what is due, soon. */
  wake(): void;
  /** Begins with all that nobody has in hand: after a restart nobody should wait for what an earlier run decided. */
  resume(): void;
  /** Waits for what is under way, for a while; what is not over then is tried again after a restart. */
  close(): Promise<void>;
}

/** Whoever took an entry and did not tell in this time after its timeout has died, milliseconds. */
const leaseMargin = 5000;
/** Attempts under way when the server stops get this long to end, milliseconds. */
const closePatience = 5000;
/** When the outbox cannot be used, it is tried again after this long, milliseconds. */
const outboxPause = 10_000;
/** Timers take no more. */
const longestTimer = 2 ** 31 - 1;

/** Takes what is due from the outbox and sends it, so many at the same time, until each is told or given up. */
export function createLane({ mount, office, timeout, outbox, settings, emit, now }: LaneParts): Lane {
  const underWay = new Set<Promise<void>>();
  const stop = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  let away = false;

  const report = (entry: OutboxEntry, what: 'delivered' | 'postponed' | 'failed', detail: string) =>
    emit({
      type: 'webhook',
      mount,
      event: entry.label,
      what,
      attempts: entry.tries + 1,
      ...(what === 'delivered' ? {} : { detail }),
    });

  /** Whether the endpoint is there is worth a line; that each of a thousand deliveries waits for it is not. */
  const noteAway = (isAway: boolean, detail: string) => {
    if (isAway === away) return;
    away = isAway;
    if (!isAway) outbox.hasten(mount, { now: now(), tries: patientTries });
    const message = isAway ? 'webhook endpoint is away: deliveries wait' : 'webhook endpoint is back';
    emit({
      type: 'notice',
      level: isAway ? 'warn' : 'info',
      message,
      facts: { mount, ...(isAway ? { detail } : {}) },
    });
  };

  function settle(entry: OutboxEntry, { outcome, detail }: Attempt): void {
    if (outcome === 'delivered') {
      outbox.remove(entry.id);
      report(entry, 'delivered', detail);
      return;
    }
    const tries = entry.tries + 1;
    const refusals = entry.refusals + (outcome === 'refused' ? 1 : 0);
    const due = nextAttempt(outcome, { tries, refusals, added: entry.added, now: now() }, settings);
    if (due === null) outbox.remove(entry.id);
    else outbox.postpone(entry.id, { due, tries, refusals });
    report(entry, due === null ? 'failed' : 'postponed', detail);
  }

  async function deliver(entry: OutboxEntry): Promise<void> {
    const attempt = await office.post(JSON.parse(entry.body) as Post, stop.signal);
    if (stop.signal.aborted && attempt.outcome === 'away') {
      // We ended it ourselves: it does not count.
      outbox.postpone(entry.id, { due: now(), tries: entry.tries, refusals: entry.refusals });
      return;
    }
    noteAway(attempt.outcome === 'away', attempt.detail);
    settle(entry, attempt);
  }

  /** A disk that is full or gone: entries that were taken come back by themselves. */
  const outboxFailed = (error: unknown) => {
    const { detail = '' } = asPictorError(error);
    emit({
      type: 'notice',
      level: 'error',
      message: 'webhook outbox cannot be used',
      facts: { mount, detail },
    });
    wakeAt(now() + outboxPause);
  };

  function begin(entry: OutboxEntry): void {
    const work = deliver(entry)
      .catch(outboxFailed)
      .finally(() => {
        underWay.delete(work);
        pump();
      });
    underWay.add(work);
  }

  function pump(): void {
    const limit = settings.concurrency - underWay.size;
    if (closed || limit <= 0) return;
    try {
      const at = now();
      for (const entry of outbox.take(mount, { now: at, until: at + timeout + leaseMargin, limit }))
        begin(entry);
      const due = outbox.nextDue(mount);
      if (due !== null && underWay.size < settings.concurrency) wakeAt(due);
    } catch (error) {
      outboxFailed(error);
    }
  }

  function wakeAt(due: number): void {
    if (closed) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(pump, Math.min(Math.max(due - now(), 0), longestTimer)).unref();
  }

  return {
    wake: () => wakeAt(now()),
    resume() {
      try {
        outbox.hasten(mount, { now: now(), tries: 0 });
        wakeAt(now());
      } catch (error) {
        outboxFailed(error);
      }
    },
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      const patience = setTimeout(() => stop.abort(), closePatience);
      await Promise.all(underWay);
      clearTimeout(patience);
      await office.close();
    },
  };
}
