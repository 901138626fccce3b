import { availableParallelism } from 'node:os';
import { extension, type Format } from '../formats.ts';
import type { Peer } from '../peers.ts';
import { startPictor, variantPath } from '../pictor.ts';
import type { Measured } from '../processes.ts';
import { made, madeAll, untilAtRest } from '../rest.ts';
import { median, ofRounds, ratios, turnOf } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

/** Widths of a usual srcset of a 12 MP photo for which its mezzanine is good enough, each in two formats. */
const widths = [320, 640, 750, 828, 1080, 1200] as const;
const formats = ['jpeg', 'webp'] as const;

const variants = widths.flatMap((width) => formats.map((format) => ({ width, format })));

interface Contestant {
  readonly server: Measured;
  path(source: string, width: number, format: Format): string;
}

const pictorPath = (source: string, width: number, format: Format): string =>
  variantPath(source, width, extension[format]);

/** All variants of one photo, as a page with `srcset` causes them: the first visitor's, then those of the others. */
export async function srcset(bench: Bench): Promise<Row[]> {
  const scenario = 'srcset of one 12 MP photo, 12 variants';
  const peers = bench.peers.filter(
    (peer): peer is Peer => 'start' in peer && variants.every(({ format }) => takesPart(peer, bench, format)),
  );
  const lanes: Record<string, Contestant> = {
    reused: { server: await startPictor(bench), path: pictorPath },
    direct: {
      server: await startPictor(bench, { PICTOR_CACHE_MEZZANINES: '0' }),
      path: pictorPath,
    },
  };
  try {
    for (const peer of peers)
      lanes[peer.name] = {
        server: await peer.start(),
        path: (source, width, format) => peer.path('srcset', { source, width, format }) ?? '',
      };
    const spent = await race(bench, lanes);
    const gains = (name: string, ours = 'reused') =>
      ofRounds(ratios(spent[name]!, spent[ours]!, (cpu) => cpu));
    const ms = (name: string) => median(spent[name]!) * 1000;
    const others = Object.keys(lanes).filter((name) => name !== 'reused' && !name.endsWith('at once'));
    return [
      {
        scenario,
        measure: 'CPU for all of them',
        value: ms('reused'),
        unit: 'ms',
        beside: Object.fromEntries(
          others.map((name) => [name === 'direct' ? 'each from the original' : name, ms(name)]),
        ),
        note: 'with the making of the mezzanine',
      },
      {
        scenario,
        measure: 'CPU gain over each from the original',
        ...gains('direct'),
        unit: '×',
        bar: { atLeast: 2.2 },
      },
      {
        scenario,
        measure: 'the same, all twelve asked for at once',
        ...gains('direct', 'reused at once'),
        unit: '×',
      },
      ...peers.map(({ name }) => ({
        scenario,
        measure: `CPU gain over ${name}`,
        ...gains(name),
        unit: '×',
        ...(bench.full ? {} : { note: 'quick run: one round' }),
      })),
    ];
  } finally {
    await Promise.all(Object.values(lanes).map(({ server }) => server.stop()));
  }
}

const takesPart = (peer: Peer, bench: Bench, format: Format): boolean =>
  peer.path('srcset', { source: bench.sources.twelve, width: widths[0], format }) !== null;

/** CPU seconds for all variants of a photo that nobody had asked for, by server and round. */
async function race(bench: Bench, lanes: Record<string, Contestant>): Promise<Record<string, number[]>> {
  const rounds = bench.full ? 9 : 5;
  const photos = bench.sources.copies(bench.sources.twelve, 2 * (rounds + 1));
  const spent: Record<string, number[]> = { 'reused at once': [] };
  for (const [name, { server, path }] of Object.entries(lanes)) {
    spent[name] = [];
    // Compiled and at work before it is measured.
    const warm = Array.from({ length: 300 }, (_, index) => path(bench.sources.tiny, 40 + index, 'jpeg'));
    await madeAll(server, warm, availableParallelism());
  }
  for (let round = 0; round < rounds; round++) {
    // No bar is about the others.
    const names = Object.keys(lanes).filter(
      (name) => bench.full || round === 0 || name === 'reused' || name === 'direct',
    );
    const atOnceToo = bench.full || round < 2 ? ['reused at once'] : [];
    for (const name of turnOf([...names, ...atOnceToo], round))
      spent[name]!.push(
        name === 'reused at once'
          ? await atOnce(lanes['reused']!, photos[rounds + 1 + round]!)
          : await oneByOne(lanes[name]!, photos[round]!),
      );
    bench.say(`srcset round ${round + 1} done`);
  }
  return spent;
}

/** The first variant, what the server then makes when there is time, and the others. */
async function oneByOne({ server, path }: Contestant, photo: string): Promise<number> {
  const [first = '', ...others] = variants.map(({ width, format }) => path(photo, width, format));
  const before = server.cpuSeconds();
  await made(server, first);
  await untilAtRest(server);
  await madeAll(server, others, availableParallelism());
  await untilAtRest(server);
  return server.cpuSeconds() - before;
}

async function atOnce({ server, path }: Contestant, photo: string): Promise<number> {
  const paths = variants.map(({ width, format }) => path(photo, width, format));
  const before = server.cpuSeconds();
  await madeAll(server, paths, paths.length);
  await untilAtRest(server);
  return server.cpuSeconds() - before;
}
