import { setTimeout as sleep } from 'node:timers/promises';
import type { EmitEvent } from '../../core/events.ts';
import type { PurgeBook } from '../../service/purge-marks.ts';
import type { Answers } from './channel.ts';
import type { Claims } from './claims.ts';
import { endHanging } from './liveness.ts';
import type { MetricsPage, PageName, PrimaryQuestions } from './questions.ts';
import type { Serving } from './serving.ts';

export interface PrimaryAnswersParts {
  /** All that live, the one that asks included. */
  readonly serving: () => readonly Serving[];
  readonly claims: Claims<Serving>;
  readonly purges: PurgeBook;
  readonly page: (name: PageName) => Promise<MetricsPage>;
  readonly emit: EmitEvent;
}

/** A process that does not take a purge in for this long would go on showing what was purged. Milliseconds. */
const longestPurge = 10_000;

/** What the primary knows for all: whose turn it is, what was purged, and who else has to hear of something. */
export function createPrimaryAnswers(
  parts: PrimaryAnswersParts,
): (asking: Serving) => Answers<PrimaryQuestions> {
  const { claims, purges, page, emit } = parts;

  /** One that dies meanwhile holds nothing any more. */
  async function askOthers(asking: Serving, ask: (other: Serving) => Promise<unknown>): Promise<void> {
    await Promise.allSettled(parts.serving().flatMap((each) => (each === asking ? [] : [ask(each)])));
  }

  const tellOthers = (asking: Serving, tell: (other: Serving) => void) => {
    for (const each of parts.serving()) if (each !== asking) tell(each);
  };

  /** Whoever does not answer is ended, so that nobody shows what was purged. */
  async function tellPurge(follower: Serving, mark: Awaited<ReturnType<PurgeBook['set']>>): Promise<void> {
    const late = new AbortController();
    const isLate = sleep(longestPurge, true, { signal: late.signal }).catch(() => false);
    const heard = follower.channel.ask('purged', mark).then(
      () => false,
      () => false,
    );
    if (await Promise.race([heard, isLate])) endHanging(follower, emit);
    late.abort();
  }

  return (asking) => ({
    claim: (name) => claims.claim(asking, name),
    release({ changed, ...end }) {
      // Before those who wait are let on: they hear in this order.
      if (changed !== undefined) tellOthers(asking, ({ channel }) => channel.tell('changed', changed));
      claims.release(asking, end);
    },
    purges() {
      asking.follows = true;
      return purges.lines();
    },
    async setPurge(scope) {
      const mark = await purges.set(scope);
      await Promise.all(parts.serving().flatMap((each) => (each.follows ? [tellPurge(each, mark)] : [])));
      return mark;
    },
    async swept(at) {
      await askOthers(asking, ({ channel }) => channel.ask('sweep'));
      await purges.swept(at);
    },
    objectChanged: (key) => tellOthers(asking, ({ channel }) => channel.tell('objectChanged', key)),
    disown: (object) => askOthers(asking, ({ channel }) => channel.ask('disown', object)),
    settled: (uris) => askOthers(asking, ({ channel }) => channel.ask('settled', uris)),
    page,
  });
}
