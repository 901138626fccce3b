import { randomUUID } from 'node:crypto';
import { asPictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { KeepingEvent, WebhookPlan } from '../request/webhook.ts';
import { createLane, type Lane } from './lane.ts';
import { createPostOffice, type Post } from './post.ts';
import type { WebhooksSettings } from './settings.ts';

export interface WebhooksParts {
  /** By name of the mount. */
  readonly plans: ReadonlyMap<string, WebhookPlan>;
  readonly outbox: Outbox;
  readonly settings: WebhooksSettings;
  readonly emit: EmitEvent;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What waits to be told, of one mount. */
export interface WaitingDeliveries {
  readonly count: number;
  /** Age of the oldest, in seconds; 0 where nothing waits. */
  readonly oldestSeconds: number;
}

/** Tells the endpoints of mounts what happens there: a listener of events. */
export interface Webhooks {
  /** When it returns, what is to be told is in the outbox. It never waits, and never throws. */
  readonly listen: EmitEvent;
  /** Begins. @param terms.resumes true: with what was left by an earlier run, which one of several processes does */
  start(terms?: { readonly resumes: boolean }): void;
  /** By name of the mount: those that have a webhook, and those that had one whose deliveries still wait. */
  waiting(): Readonly<Record<string, WaitingDeliveries>>;
  /** Ends what is under way; the rest stays in the outbox. */
  close(): Promise<void>;
}

/** How often what nobody asks for any more is looked for, milliseconds. */
const sweepEvery = 60_000;

/** Whoever asks how much waits does not want to hear of a disk that is gone: the lanes tell of it. */
function waitingIn(outbox: Outbox): ReturnType<Outbox['waiting']> {
  try {
    return outbox.waiting();
  } catch {
    return new Map();
  }
}

interface Endpoint {
  readonly plan: WebhookPlan;
  readonly lane: Lane;
}

/** One lane per mount, so that an endpoint that hangs keeps none but its own deliveries waiting. */
export function createWebhooks({ plans, outbox, settings, emit, now }: WebhooksParts): Webhooks {
  const pending = new Map([...outbox.waiting()].map(([lane, { count }]) => [lane, count]));
  const endpoints = new Map<string, Endpoint>();
  let sweeping: NodeJS.Timeout | null = null;

  const counted: EmitEvent = (event) => {
    if (event.type === 'webhook' && (event.what === 'delivered' || event.what === 'failed'))
      pending.set(event.mount, Math.max(0, (pending.get(event.mount) ?? 0) - 1));
    emit(event);
  };

  for (const [mount, plan] of plans) {
    const office = createPostOffice(plan, { connections: settings.concurrency, now });
    const timeout = plan.timeoutSeconds * 1000;
    endpoints.set(mount, {
      plan,
      lane: createLane({ mount, office, timeout, outbox, settings, emit: counted, now }),
    });
  }

  function keep(event: KeepingEvent, { plan, lane }: Endpoint): void {
    const at = now();
    const message = plan.message(event, at);
    if (message === null) return;
    const { mount } = event;
    // Others may have delivered what this process has added, or added what it delivers.
    if ((pending.get(mount) ?? 0) >= settings.maxPending)
      pending.set(mount, waitingIn(outbox).get(mount)?.count ?? 0);
    const drop = (detail: string) =>
      emit({ type: 'webhook', mount, event: message.name, what: 'dropped', attempts: 0, detail });
    const waiting = pending.get(mount) ?? 0;
    if (waiting >= settings.maxPending) {
      drop(`${waiting} deliveries wait already`);
      return;
    }
    try {
      const post: Post = { id: randomUUID(), body: message.body };
      outbox.add({ lane: mount, label: message.name, body: JSON.stringify(post), now: at });
    } catch (error) {
      drop(asPictorError(error).detail ?? 'the outbox cannot be written');
      return;
    }
    pending.set(mount, waiting + 1);
    lane.wake();
  }

  /** What waits for a mount that is no more, or lost its webhook, is given up in the end, and told. */
  function sweep(): void {
    const at = now();
    try {
      for (const entry of outbox.expire({ before: at - settings.maxAgeSeconds * 1000, now: at })) {
        const detail = `not delivered within ${settings.maxAgeSeconds} s`;
        counted({
          type: 'webhook',
          mount: entry.lane,
          event: entry.label,
          what: 'failed',
          attempts: entry.tries,
          detail,
        });
      }
    } catch {
      // The lanes tell of an outbox that cannot be used.
    }
  }

  return {
    listen(event) {
      if (event.type !== 'upload' && event.type !== 'variant' && event.type !== 'variants-ready') return;
      const endpoint = endpoints.get(event.mount);
      if (endpoint !== undefined) keep(event, endpoint);
    },
    start({ resumes } = { resumes: true }) {
      sweep();
      sweeping ??= setInterval(sweep, sweepEvery).unref();
      if (!resumes) return;
      for (const { lane } of endpoints.values()) lane.resume();
    },
    waiting() {
      const found = waitingIn(outbox);
      const at = now();
      const mounts = new Set([...endpoints.keys(), ...found.keys()]);
      return Object.fromEntries(
        [...mounts].map((mount) => {
          const { count, oldest } = found.get(mount) ?? { count: 0, oldest: at };
          return [mount, { count, oldestSeconds: (at - oldest) / 1000 }];
        }),
      );
    },
    async close() {
      if (sweeping !== null) clearInterval(sweeping);
      await Promise.all([...endpoints.values()].map(({ lane }) => lane.close()));
      await outbox.close();
    },
  };
}
