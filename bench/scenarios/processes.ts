import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, loadTool } from '../load.ts';
import { startPictor, variantPath } from '../pictor.ts';
import { get, type Measured } from '../processes.ts';
import { untilAtRest } from '../rest.ts';
import { median, ofRounds, ratios, turnOf } from '../rounds.ts';
import { type Bench, type Row, skippedRow } from './jobs.ts';

const scenario = 'several processes';

/** Two for the servers, and one for what asks them: with fewer the load takes what the second process would have. */
const coresNeeded = 4;

interface Pace {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  /** Of the CPU time, what the busiest of its processes took. */
  readonly busiest: number;
}

/** What a second process at the same address is worth, when all that is asked for is cached. */
export async function processes(bench: Bench): Promise<Row[]> {
  if (loadTool !== 'wrk') return [skippedRow(scenario, 'hits of two processes over one', 'needs wrk')];
  const work = mkdtempSync(join(tmpdir(), 'pictor-bench-'));
  const path = variantPath(bench.sources.twelve, 400, 'jpg', 70);
  const servers = new Map<number, Measured>();
  try {
    for (const count of [1, 2]) {
      const server = await startPictor(bench, {
        PICTOR_SERVER_PROCESSES: String(count),
        PICTOR_CACHE_DIR: join(work, String(count)),
      });
      servers.set(count, server);
      // Every process reads it into its memory.
      for (let each = 0; each < 20; each += 1) await get(server.port, path);
      await untilAtRest(server);
    }
    const paces = { 1: [] as Pace[], 2: [] as Pace[] };
    for (let round = -1; round < (bench.full ? 9 : 3); round += 1)
      for (const count of turnOf([1, 2] as const, round)) {
        const pace = await paceOf(servers.get(count)!, path, bench.full ? 1 : 0.5);
        if (round >= 0) paces[count].push(pace);
      }
    return report(paces[1], paces[2]);
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    rmSync(work, { recursive: true, force: true });
  }
}

async function paceOf(server: Measured, path: string, seconds: number): Promise<Pace> {
  const before = server.spending();
  const { requests, perSecond } = await load(server, path, { seconds, connections: 128 });
  const spent = [...server.spending()].map(([pid, now]) => now - (before.get(pid) ?? 0));
  const all = spent.reduce((sum, each) => sum + each, 0);
  return { perSecond, perCpuSecond: requests / all, busiest: Math.max(...spent) / all };
}

function report(one: readonly Pace[], two: readonly Pace[]): Row[] {
  const cores = availableParallelism();
  const hits = ratios(two, one, ({ perSecond }) => perSecond);
  const busiest = median(two.map((pace) => pace.busiest));
  return [
    {
      scenario,
      measure: 'hits of two processes over one',
      ...ofRounds(hits),
      unit: '×',
      ...(cores < coresNeeded
        ? {
            note: `${cores} cores, of which the load takes one: two processes cannot show here what they are worth, so no bound below ${coresNeeded} cores`,
          }
        : { bar: { atLeast: 1.7 } }),
    },
    {
      scenario,
      measure: 'hits per CPU second of two processes over one',
      ...ofRounds(ratios(two, one, ({ perCpuSecond }) => perCpuSecond)),
      unit: '×',
      note: `what sharing costs, on any number of cores; the busier process took ${(busiest * 100).toFixed(0)} % of the CPU time`,
    },
  ];
}
