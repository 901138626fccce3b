import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, ask, startClient } from '../client.ts';
import { startPictor, variantPath } from '../pictor.ts';
import { type Measured, median, percentile } from '../processes.ts';
import { madeAll } from '../rest.ts';
import type { Bench, Row } from './jobs.ts';

/** Arrivals as a multiple of what the server can do. */
const times = 10;

/**
 * New pictures of a 24 MP photo wished for ten times as fast as they can be made, for seconds on end, by clients that do
 * not wait: what cannot be done in time must be refused at once, and as much must be done as without the crowd.
 */
export async function flood(bench: Bench): Promise<Row[]> {
  const server = await startPictor(bench, { PICTOR_CACHE_MEZZANINES: '0', IMGPROXY_TIMEOUT: '30' });
  const next = widthsOf(bench);
  try {
    await madeAll(
      server,
      Array.from({ length: 200 }, (_, index) => variantPath(bench.sources.small, 50 + index, 'jpg')),
      availableParallelism(),
    );
    const rounds: Crowd[] = [];
    for (let round = 0; round < (bench.full ? 3 : 1); round++) {
      const before = await capacity(server, next, bench);
      const crowd = await crowdOf(server, next, { perSecond: times * before, seconds: bench.full ? 10 : 6 });
      // Before and after: the machine may have changed its pace meanwhile.
      rounds.push({ ...crowd, capacity: (before + (await capacity(server, next, bench))) / 2 });
      bench.say(`flood round ${round + 1} done`);
    }
    return report(rounds);
  } finally {
    await server.stop();
  }
}

interface Crowd {
  readonly capacity: number;
  readonly perSecond: number;
  /** Pictures per second while the crowd was there. */
  readonly done: number;
  readonly refusals: readonly number[];
  readonly waits: readonly number[];
  /** Refusals that say when to come again, as a share. */
  readonly told: number;
  readonly other: number;
}

/** A path nobody has asked for, each time. */
function widthsOf({ sources }: Bench): () => string {
  let number = 0;
  return () => {
    number += 1;
    return variantPath(sources.twentyFour, 400 + (number % 400), 'jpg', 80 - Math.floor(number / 400));
  };
}

const pathsOf = (next: () => string, count: number): string[] => Array.from({ length: count }, next);

/** Pictures per second with as many requests in flight as there are cores. */
async function capacity(server: Measured, next: () => string, { full }: Bench): Promise<number> {
  const paths = pathsOf(next, full ? 80 : 48);
  const answers = await ask({ port: server.port, paths, lanes: availableParallelism() + 1 });
  return (paths.length / Math.max(...answers.map(({ at, ms }) => at + ms))) * 1000;
}

async function crowdOf(
  server: Measured,
  next: () => string,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Omit<Crowd, 'capacity'>> {
  const paths = pathsOf(next, Math.ceil(perSecond * seconds));
  // Refusing is measured as a client sees it that need not wait for a processor itself.
  const answers = await startClient({ port: server.port, paths, perSecond }).answers;
  await pause(500);
  const within = (answer: Answer) => {
    const end = answer.at + answer.ms;
    return end > 1000 && end <= seconds * 1000;
  };
  const good = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 503 || status === 429);
  return {
    perSecond,
    done: good.filter(within).length / (seconds - 1),
    refusals: refused.map(({ ms }) => ms),
    waits: good.map(({ ms }) => ms),
    told: refused.filter(({ retryAfter }) => retryAfter).length / Math.max(1, refused.length),
    other: answers.length - good.length - refused.length,
  };
}

function report(rounds: readonly Crowd[]): Row[] {
  const scenario = `${times} times as many new pictures wished for as can be made`;
  const of = (pick: (round: Crowd) => number) => median(rounds.map(pick));
  const share = of(({ refusals, waits }) => refusals.length / (refusals.length + waits.length));
  return [
    {
      scenario,
      measure: 'throughput kept',
      value: of(({ done, capacity }) => done / capacity),
      unit: '×',
      bar: { atLeast: 0.95 },
      note: `${of(({ done }) => done).toFixed(1)} of ${of(({ capacity }) => capacity).toFixed(1)}/s, ${of(({ perSecond }) => perSecond).toFixed(0)}/s wished for`,
    },
    {
      scenario,
      measure: 'refused with 503, 99 % within',
      value: of(({ refusals }) => percentile(refusals, 0.99)),
      unit: 'ms',
      bar: { atMost: 50 },
      note: `${(share * 100).toFixed(0)} % of the requests, median ${of(({ refusals }) => median(refusals)).toFixed(1)} ms`,
    },
    {
      scenario,
      measure: 'refusals that say when to come again',
      value: of(({ told }) => told),
      unit: '×',
      bar: { atLeast: 1 },
    },
    {
      scenario,
      measure: 'answers that are neither picture nor refusal',
      value: Math.max(...rounds.map(({ other }) => other)),
      unit: '',
      bar: { atMost: 0 },
    },
    {
      scenario,
      measure: 'wait for a picture, median',
      value: of(({ waits }) => median(waits)),
      unit: 'ms',
    },
  ];
}
