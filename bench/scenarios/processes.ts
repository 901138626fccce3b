import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadTool } from '../load.ts';
import { startPictor, variantPath } from '../pictor.ts';
import { get, type Measured, median } from '../processes.ts';
import { type Bench, type Row, skippedRow } from './jobs.ts';

const scenario = 'several processes';
const measure = 'hits of two processes over one';

/** Two for the servers, and two for what asks them: with fewer the load takes what the second process would have. */
const coresNeeded = 4;

const run = promisify(execFile);

/** One thread of wrk cannot ask as much as two processes answer. */
async function perSecond(port: number, path: string, seconds: number): Promise<number> {
  const { stdout } = await run('wrk', ['-t2', '-c128', `-d${seconds}s`, `http://127.0.0.1:${port}${path}`]);
  if (/Non-2xx/.test(stdout)) throw new Error(`load failed: ${stdout}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0);
}

/** What a second process at the same address is worth, when all that is asked for is cached. */
export async function processes(bench: Bench): Promise<Row[]> {
  if (loadTool !== 'wrk') return [skippedRow(scenario, measure, 'needs wrk')];
  const work = mkdtempSync(join(tmpdir(), 'pictor-bench-'));
  const start = (count: number) =>
    startPictor(bench, {
      PICTOR_SERVER_PROCESSES: String(count),
      PICTOR_CACHE_DIR: join(work, String(count)),
    });
  const path = variantPath(bench.sources.twelve, 400, 'jpg', 70);
  const servers: Measured[] = [];
  try {
    for (const count of [1, 2]) {
      const server = await start(count);
      servers.push(server);
      // Every process reads it into its memory.
      for (let each = 0; each < 20; each += 1) await get(server.port, path);
    }
    const [one, two] = servers as [Measured, Measured];
    const ratios: number[] = [];
    for (let round = -1; round < (bench.full ? 5 : 3); round += 1) {
      const alone = await perSecond(one.port, path, 3);
      const both = await perSecond(two.port, path, 3);
      if (round >= 0) ratios.push(both / alone);
    }
    const cores = availableParallelism();
    return [
      {
        scenario,
        measure,
        value: median(ratios),
        unit: '×',
        ...(cores < coresNeeded
          ? { note: `${cores} cores, which the load has to share: no bar below ${coresNeeded}` }
          : { bar: { atLeast: 1.7 } }),
      },
    ];
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(work, { recursive: true, force: true });
  }
}
