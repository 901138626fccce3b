import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, ask, startClient } from '../client.ts';
import { startOrigin } from '../origin.ts';
import { startPictor } from '../pictor.ts';
import { get, type Measured } from '../processes.ts';
import { median, ofRounds, percentile } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

/** Requests for pictures of the host that does not answer, at once. */
const stuck = 200;

/** One host accepts connections and says nothing: hits, and new pictures of another host, before and meanwhile. */
export async function slowOrigins(bench: Bench): Promise<Row[]> {
  const origin = await startOrigin(bench.sources.dir);
  const silent = await startSilent();
  const server = await startPictor(bench, {
    IMGPROXY_ALLOW_LOOPBACK_SOURCE_ADDRESSES: 'true',
    IMGPROXY_DOWNLOAD_TIMEOUT: '20',
    IMGPROXY_TIMEOUT: '30',
  });
  try {
    const rounds: Round[] = [];
    for (let round = 0; round < (bench.full ? 5 : 2); round++) {
      rounds.push(await once({ server, origin: origin.url, silent: silent.url, bench, round }));
      bench.say(`slow origins round ${round + 1} done`);
    }
    return report(rounds);
  } finally {
    await server.stop();
    silent.server.closeAllConnections();
    silent.server.close();
    origin.close();
  }
}

interface Silent {
  readonly server: Server;
  readonly url: string;
  asked(): number;
}

/** Of another host name than the other origin, as a host is what connections are counted by. */
async function startSilent(): Promise<Silent> {
  let asked = 0;
  const server = createServer(() => {
    asked += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
  const { port } = server.address() as { port: number };
  return { server, url: `http://127.0.0.2:${port}`, asked: () => asked };
}

interface Ground {
  readonly server: Measured;
  readonly origin: string;
  readonly silent: string;
  readonly bench: Bench;
  readonly round: number;
}

interface Round {
  readonly alone: Sample;
  readonly meanwhile: Sample;
}

interface Sample {
  readonly hits: readonly number[];
  readonly fresh: readonly number[];
}

const pathOf = (url: string, width: number): string => `/unsafe/rs:fit:${width}:0/plain/${url}@jpg`;

async function once({ server, origin, silent, bench, round }: Ground): Promise<Round> {
  const count = bench.full ? 60 : 24;
  const photos = bench.sources.copies(bench.sources.small, 12 * count).slice(round * 2 * count);
  const hit = pathOf(`${origin}/${bench.sources.small}`, 300);
  await get(server.port, hit);
  const sample = async (from: number) =>
    measure(
      server,
      hit,
      photos.slice(from, from + count).map((photo) => pathOf(`${origin}/${photo}`, 320)),
    );
  // Its code is compiled before it is measured.
  if (round === 0) await sample(10 * count);
  const alone = await sample(0);
  const paths = Array.from({ length: stuck }, (_, index) => pathOf(`${silent}/${round}-${index}.jpg`, 300));
  const hanging = startClient({ port: server.port, paths });
  await pause(500);
  const meanwhile = await sample(count);
  hanging.leave();
  await pause(200);
  return { alone, meanwhile };
}

/** New pictures one after another, and hits at 100 per second beside them. */
async function measure(server: Measured, hit: string, fresh: readonly string[]): Promise<Sample> {
  const prober = startClient({
    port: server.port,
    paths: [hit],
    repeats: true,
    perSecond: 100,
  });
  const ms = (answers: readonly Answer[]) => answers.map((answer) => answer.ms);
  const made = ms(await ask({ port: server.port, paths: fresh, lanes: 1 }));
  return { fresh: made, hits: ms(await prober.end()).slice(16) };
}

function report(rounds: readonly Round[]): Row[] {
  const scenario = `one host hangs, ${stuck} requests wait for it`;
  const of = (pick: (round: Round) => number) => median(rounds.map(pick));
  const share = (which: keyof Sample, of: (times: readonly number[]) => number) => (round: Round) =>
    of(round.meanwhile[which]) / of(round.alone[which]);
  const p99 = (times: readonly number[]) => percentile(times, 0.99);
  return [
    {
      scenario,
      measure: 'new pictures of other hosts, median, over without',
      ...ofRounds(rounds.map(share('fresh', median))),
      unit: '×',
      bar: { atMost: 1.25 },
      note: `${of(({ meanwhile }) => median(meanwhile.fresh)).toFixed(1)} ms, p99 ${of(({ meanwhile }) => p99(meanwhile.fresh)).toFixed(1)} ms`,
    },
    {
      scenario,
      measure: 'hits, median, over without',
      ...ofRounds(rounds.map(share('hits', median))),
      unit: '×',
      bar: { atMost: 1.25 },
      note: `${of(({ meanwhile }) => median(meanwhile.hits)).toFixed(2)} ms, p99 ${of(({ meanwhile }) => p99(meanwhile.hits)).toFixed(1)} ms`,
    },
  ];
}
