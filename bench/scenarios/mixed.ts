import { type Answer, ask } from '../client.ts';
import { extension, type Format } from '../formats.ts';
import type { Peer } from '../peers.ts';
import { startPictor, variantPath } from '../pictor.ts';
import type { Measured } from '../processes.ts';
import { untilAtRest } from '../rest.ts';
import { median, percentile } from '../rounds.ts';
import type { Bench, Row } from './jobs.ts';

/**
 * The traffic of a site with pictures of its own: most requests are for variants that were asked for before, some for a new
 * variant of a known photo, a few for a photo nobody has seen. Photos are as popular as Zipf has it: the n-th is asked for
 * 1/n times as often as the first. Every fifth photo has 12 MP, the others 2 MP; 60 % of the variants are WebP, 40 % JPEG.
 */
const shares = { newVariant: 0.08, newPhoto: 0.01 } as const;

type Kind = 'hit' | 'newVariant' | 'newPhoto';

interface Wish {
  readonly kind: Kind;
  readonly source: string;
  readonly width: number;
  readonly format: Format;
}

/** Requests that came before, for which nothing is measured. */
const before = 200;
const lanes = 16;

export async function mixed(bench: Bench): Promise<Row[]> {
  const count = bench.full ? 10_000 : 1000;
  const wishes = traffic(bench, before + count);
  const scenario = `mixed traffic, ${count} requests`;
  const rows: Row[] = [];
  const ours = await race(await startPictor(bench), { wishes, warm: before }, ({ source, width, format }) =>
    variantPath(source, width, extension[format]),
  );
  bench.say('mixed pictor done');
  const kinds = wishes.slice(before).map(({ kind }) => kind);
  const times = (kind: Kind) => ours.answers.filter((_, index) => kinds[index] === kind).map(({ ms }) => ms);
  const share = (kind: Kind) => (kinds.filter((each) => each === kind).length / count) * 100;
  const note = (kind: Kind) =>
    `${share(kind).toFixed(1)} % of the requests, p99 ${percentile(times(kind), 0.99).toFixed(1)} ms`;
  rows.push(
    {
      scenario,
      measure: 'requests per second',
      value: count / ours.seconds,
      unit: '/s',
      note: `${lanes} at once`,
    },
    { scenario, measure: 'hits, median', value: median(times('hit')), unit: 'ms', note: note('hit') },
    {
      scenario,
      measure: 'new variants, median',
      value: median(times('newVariant')),
      unit: 'ms',
      note: note('newVariant'),
    },
    {
      scenario,
      measure: 'new photos, median',
      value: median(times('newPhoto')),
      unit: 'ms',
      note: note('newPhoto'),
    },
  );
  const beside: Record<string, number> = {};
  for (const peer of bench.peers) {
    if (!('start' in peer)) continue;
    const theirs = await ofPeer(
      peer,
      wishes,
      bench.full ? { warm: before, count: 300 } : { warm: 40, count: 80 },
    );
    if (theirs === null) continue;
    beside[peer.name] = theirs * 1000;
    bench.say(`mixed ${peer.name} done`);
  }
  return [
    ...rows,
    { scenario, measure: 'CPU per request', value: (ours.cpuSeconds / count) * 1000, unit: 'ms', beside },
    ...Object.entries(beside).map(([name, ms]) => ({
      scenario,
      measure: `CPU gain over ${name}`,
      value: ms / ((ours.cpuSeconds / count) * 1000),
      unit: '×',
      note: 'a share of the same requests',
    })),
  ];
}

interface Run {
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly answers: readonly Answer[];
}

async function race(
  server: Measured,
  { wishes, warm }: { readonly wishes: readonly Wish[]; readonly warm: number },
  path: (wish: Wish) => string,
): Promise<Run> {
  try {
    const paths = wishes.map(path);
    await ask({ port: server.port, paths: paths.slice(0, warm), lanes });
    await untilAtRest(server);
    const cpu = server.cpuSeconds();
    const answers = await ask({ port: server.port, paths: paths.slice(warm), lanes });
    const seconds = Math.max(...answers.map(({ at, ms }) => at + ms)) / 1000;
    await untilAtRest(server);
    return { cpuSeconds: server.cpuSeconds() - cpu, seconds, answers };
  } finally {
    await server.stop();
  }
}

/** CPU seconds per request; null where it takes no part. */
async function ofPeer(
  peer: Peer,
  wishes: readonly Wish[],
  { warm, count }: { readonly warm: number; readonly count: number },
): Promise<number | null> {
  const path = (wish: Wish) => peer.path('mixed', wish);
  if (wishes.some((wish) => path(wish) === null)) return null;
  const { cpuSeconds } = await race(
    await peer.start(),
    { wishes: wishes.slice(before - warm, before + count), warm },
    (wish) => path(wish)!,
  );
  return cpuSeconds / count;
}

/** The same requests in every run. */
function traffic({ sources }: Bench, count: number): Wish[] {
  const random = generator(4711);
  const photos = Math.ceil(count * shares.newPhoto * 1.5) + 20;
  const large = sources.copies(sources.twelve, Math.ceil(photos / 5));
  const small = sources.copies(sources.small, photos);
  const nameOf = (rank: number) => (rank % 5 === 4 ? large[Math.floor(rank / 5)]! : small[rank]!);
  const wishes: Wish[] = [];
  const known: Wish[][] = [];
  const add = (kind: Kind, rank: number) => {
    const variants = known[rank] ?? [];
    known[rank] = variants;
    const format = random() < 0.6 ? 'webp' : 'jpeg';
    const wish = {
      kind,
      source: nameOf(rank),
      width: 160 + variants.length * 40 + (rank % 37),
      format,
    } as const;
    variants.push(wish);
    wishes.push(wish);
  };
  while (wishes.length < count) {
    const dice = random();
    if (known.length < 20 || dice < shares.newPhoto) add('newPhoto', known.length);
    else if (dice < shares.newPhoto + shares.newVariant) add('newVariant', zipf(random(), known.length));
    else {
      const variants = known[zipf(random(), known.length)]!;
      wishes.push({ ...variants[zipf(random(), variants.length)]!, kind: 'hit' });
    }
  }
  return wishes;
}

/** A rank below `count`, the n-th 1/n times as likely as the first, for a number from 0 to 1. */
function zipf(share: number, count: number): number {
  const weights = Array.from({ length: count }, (_, rank) => 1 / (rank + 1));
  let left = share * weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(
    0,
    weights.findIndex((weight) => {
      left -= weight;
      return left <= 0;
    }),
  );
}

/** Numbers from 0 to 1, the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) / 0x7fffff;
  };
}
