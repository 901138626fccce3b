import { availableParallelism } from 'node:os';
import { type Answer, type Seen, startClient } from '../client.ts';
import { startPictor, variantPath } from '../pictor.ts';
import type { Measured } from '../processes.ts';
import { madeAll, untilAtRest } from '../rest.ts';
import { median, ofRounds, percentile } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

/** Arrivals as a multiple of what the server can do. */
const times = 10;

/** Until queues are as full as they stay, and code is compiled: not measured. */
const settlingSeconds = { capacity: 0.5, crowd: 1 } as const;

/**
 * New pictures of a 24 MP photo wished for ten times as fast as they can be made, for seconds on end, by clients that do
 * not wait: what cannot be done in time must be refused at once, and as much must be done as by the same server when it is
 * asked for exactly what it can do. Both in turns.
 */
export async function flood(bench: Bench): Promise<Row[]> {
  const server = await startPictor(bench, { PICTOR_CACHE_MEZZANINES: '0', IMGPROXY_TIMEOUT: '30' });
  const next = widthsOf(bench);
  try {
    const warm = Array.from({ length: 300 }, (_, index) =>
      variantPath(bench.sources.tiny, 40 + index, 'jpg'),
    );
    await madeAll(server, warm, availableParallelism());
    const paces: Pace[] = [await capacity(server, next)];
    const rounds: Round[] = [];
    for (let round = 0; round < (bench.full ? 5 : 2); round++) {
      const asked = times * paces.at(-1)!.perSecond;
      const crowd = await crowdOf(server, next, { perSecond: asked, seconds: bench.full ? 6 : 2.8 });
      paces.push(await capacity(server, next));
      // Before and after: the machine may have changed its pace meanwhile.
      const [before, after] = paces.slice(-2) as [Pace, Pace];
      rounds.push({ crowd, asked, alone: { ...after, perSecond: (before.perSecond + after.perSecond) / 2 } });
      bench.say(`flood round ${round + 1} done`);
    }
    return report(rounds);
  } finally {
    await server.stop();
  }
}

interface Pace {
  /** Pictures per second. */
  readonly perSecond: number;
  /** Processors at work, of those that the machine has: who asks, who answers and refuses, and who makes pictures. */
  readonly client: number;
  readonly server: number;
  readonly workers: number;
}

interface Crowd extends Pace {
  readonly seconds: number;
  readonly answers: readonly Answer[];
}

interface Round {
  readonly alone: Pace;
  readonly crowd: Crowd;
  readonly asked: number;
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

/** With one request more in flight than there are cores: there is always a next one, and never a crowd. */
async function capacity(server: Measured, next: () => string): Promise<Pace> {
  const seconds = 1.8;
  const job = { paths: pathsOf(next, 400), lanes: availableParallelism() + 1, seconds };
  return (await measured(server, job, settlingSeconds.capacity)).pace;
}

async function crowdOf(
  server: Measured,
  next: () => string,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Crowd> {
  const job = { paths: pathsOf(next, Math.ceil(perSecond * seconds) + 1), perSecond, seconds };
  const { pace, seen } = await measured(server, job, settlingSeconds.crowd);
  return { ...pace, seconds, answers: seen.answers };
}

interface Asked {
  readonly paths: readonly string[];
  readonly seconds: number;
  readonly lanes?: number;
  readonly perSecond?: number;
}

async function measured(
  server: Measured,
  job: Asked,
  settling: number,
): Promise<{ readonly pace: Pace; readonly seen: Seen }> {
  const before = server.spending();
  const seen = await startClient({ port: server.port, ...job }).seen;
  const spent = [...server.spending()].map(
    ([pid, now]) => [pid === server.pid, now - (before.get(pid) ?? 0)] as const,
  );
  const of = (main: boolean) =>
    spent.reduce((sum, [isMain, each]) => sum + (isMain === main ? each : 0), 0) / job.seconds;
  // What was still wished for is not, now that the client has gone.
  await untilAtRest(server);
  return {
    seen,
    pace: {
      perSecond: paceOf(seen.answers, settling * 1000),
      client: seen.cpuSeconds / job.seconds,
      server: of(true),
      workers: of(false),
    },
  };
}

/** Pictures per second from the first one that came after so many milliseconds to the last. */
function paceOf(answers: readonly Answer[], from: number): number {
  const ends = answers.filter(({ status }) => status === 200).map(({ at, ms }) => at + ms);
  const within = ends.filter((end) => end > from);
  return ((within.length - 1) / (Math.max(...within) - Math.min(...within))) * 1000;
}

const isRefusal = ({ status }: Answer): boolean => status === 503 || status === 429;

function report(rounds: readonly Round[]): Row[] {
  const scenario = `${times} times as many new pictures wished for as can be made`;
  const of = (pick: (round: Round) => number) => ofRounds(rounds.map(pick));
  const mid = (pick: (round: Round) => number) => of(pick).value;
  const milliseconds = (answers: readonly Answer[]) => answers.map(({ ms }) => ms);
  const refusals = ({ crowd }: Round) => crowd.answers.filter(isRefusal);
  const pictures = ({ crowd }: Round) => crowd.answers.filter(({ status }) => status === 200);
  const share = mid((round) => refusals(round).length / round.crowd.answers.length);
  const perRefusal = (round: Round) => {
    const { crowd, alone } = round;
    const forPictures = (alone.server / alone.perSecond) * crowd.perSecond;
    return ((crowd.server - forPictures) * crowd.seconds * 1000) / refusals(round).length;
  };
  const cores = (which: 'alone' | 'crowd') =>
    (['client', 'server', 'workers'] as const)
      .map((who) => `${who} ${mid((round) => round[which][who]).toFixed(2)}`)
      .join(', ');
  return [
    {
      scenario,
      measure: 'throughput kept',
      ...of(({ crowd, alone }) => crowd.perSecond / alone.perSecond),
      unit: '×',
      note: `${mid(({ crowd }) => crowd.perSecond).toFixed(1)} of ${mid(({ alone }) => alone.perSecond).toFixed(1)}/s, ${mid(({ asked }) => asked).toFixed(0)}/s wished for; processors taken by ${cores('crowd')}, without the crowd by ${cores('alone')}`,
    },
    {
      scenario,
      measure: 'refused with 503, 99 % within',
      ...of((round) => percentile(milliseconds(refusals(round)), 0.99)),
      unit: 'ms',
      bar: { atMost: 50 },
      note: `${(share * 100).toFixed(0)} % of the answers, median ${mid((round) => median(milliseconds(refusals(round)))).toFixed(1)} ms`,
    },
    { scenario, measure: 'CPU of the server for each refusal', ...of(perRefusal), unit: 'ms' },
    {
      scenario,
      measure: 'refusals that say when to come again',
      ...of(
        (round) => refusals(round).filter(({ retryAfter }) => retryAfter).length / refusals(round).length,
      ),
      unit: '×',
      bar: { atLeast: 1 },
    },
    {
      scenario,
      measure: 'answers that are neither picture nor refusal',
      value: Math.max(
        ...rounds.map(
          (round) => round.crowd.answers.length - refusals(round).length - pictures(round).length,
        ),
      ),
      unit: '',
      bar: { atMost: 0 },
    },
    {
      scenario,
      measure: 'wait for a picture, median',
      ...of((round) => median(milliseconds(pictures(round)))),
      unit: 'ms',
    },
  ];
}
