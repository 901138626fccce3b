import { type Format, formats } from '../formats.ts';
import { startPictor } from '../pictor.ts';
import { median, ofRounds, ratios, turnOf } from '../rounds.ts';
import { bareLane, coldPhoto, type Lane, peerLane, pictorLane } from './cold-lanes.ts';
import { inFlight } from './in-flight.ts';
import { type Bench, type Row, type Spent, skippedRow } from './jobs.ts';

/** Gain in CPU per operation there must be over ipx (design targets). */
const ipxBar = { jpeg: 1.1, webp: 1.2, avif: 6 } as const;

/** One of AVIF takes as long as ten others. */
const quickRounds = { jpeg: 6, webp: 7, avif: 4 } as const;
const fullRounds = 21;

/** Pictures of one turn: short enough that both sides of a ratio see the same machine. */
const burst = 4;

type Lanes = Readonly<Record<string, Lane>>;

/** By contestant and round: what each operation took; absent where it took no part in the round. */
type Race = Readonly<Record<string, readonly (Spent | undefined)[]>>;

/** Cold transforms of a large photo: pictor against bare sharp with the same settings, and against other servers. */
export async function cold(bench: Bench): Promise<Row[]> {
  const lanes: Record<string, Lane> = {
    // Every variant of the one photo shall be a first one.
    pictor: pictorLane(bench, await startPictor(bench, { PICTOR_CACHE_MEZZANINES: '0' })),
    bare: bareLane(bench),
  };
  const rows: Row[] = [];
  try {
    for (const peer of bench.peers) if ('start' in peer) lanes[peer.name] = await peerLane(bench, peer);
    // What is compared is a server at work, not one whose code is still being compiled.
    for (const lane of Object.values(lanes)) await lane.warm();
    for (const format of formats) {
      rows.push(...report(format, await race(format, lanes, bench), bench));
      bench.say(`cold ${format} done`);
    }
  } finally {
    await Promise.all(Object.values(lanes).map((lane) => lane.stop()));
  }
  for (const peer of bench.peers)
    if ('absent' in peer) rows.push(skippedRow('cold 12 MP', `CPU gain over ${peer.name}`, peer.absent));
  return [...rows, ...(await inFlight(bench))];
}

/** Those that a bar is about. */
const isJudged = (name: string): boolean => ['pictor', 'bare', 'ipx'].includes(name);

/** The others take part in every third round of a quick run. */
const takesPart = (name: string, round: number, { full }: Bench): boolean =>
  full || isJudged(name) || round % 3 === 0;

/** Others may take seconds per AVIF, as sharp does by default; two of them tell as much, and of those that no bar is about. */
const shareOf = (name: string, format: Format, { full }: Bench): number =>
  name === 'pictor' || name === 'bare' || (format !== 'avif' && (full || isJudged(name))) ? burst : burst / 2;

async function race(format: Format, lanes: Lanes, bench: Bench): Promise<Race> {
  const names = Object.keys(lanes).filter((name) => lanes[name]!.makes(format));
  const spent: Record<string, (Spent | undefined)[]> = Object.fromEntries(names.map((name) => [name, []]));
  // The round that is not counted has everybody's encoder at work once.
  const rounds = bench.full ? fullRounds : quickRounds[format];
  // The wider, the more there is to encode: a quick run measures as wide a span.
  const step = Math.floor((fullRounds + 1) / (rounds + 1));
  for (let round = -1; round < rounds; round++) {
    const widths = Array.from({ length: burst }, (_, index) => 480 + ((round + 1) * burst + index) * step);
    for (const name of turnOf(names, round)) {
      if (!takesPart(name, Math.max(0, round), bench)) continue;
      const share = widths.slice(0, shareOf(name, format, bench));
      const { cpuSeconds, seconds } = await lanes[name]!.batch(format, share);
      if (round >= 0)
        spent[name]![round] = { cpuSeconds: cpuSeconds / share.length, seconds: seconds / share.length };
    }
  }
  return spent;
}

function report(format: Format, spent: Race, { full }: Bench): Row[] {
  const scenario = `cold ${coldPhoto[format].size} to ${format}`;
  const cpu = ({ cpuSeconds }: Spent) => cpuSeconds;
  const mid = (name: string, pick: (each: Spent) => number) =>
    median(spent[name]!.flatMap((each) => (each === undefined ? [] : [pick(each)])));
  const milliseconds = (name: string) => mid(name, cpu) * 1000;
  const pace = (name: string) => 1 / mid(name, ({ seconds }) => seconds);
  const peers = Object.keys(spent).filter((name) => name !== 'pictor' && name !== 'bare');
  const beside = (of: (name: string) => number) => ({
    'bare sharp': of('bare'),
    ...Object.fromEntries(peers.map((name) => [name, of(name)])),
  });
  const over = (above: string, below: string, pick: (each: Spent) => number) =>
    ofRounds(ratios(spent[above]!, spent[below]!, pick));
  return [
    {
      scenario,
      measure: 'CPU per operation',
      value: milliseconds('pictor'),
      unit: 'ms',
      beside: beside(milliseconds),
    },
    { scenario, measure: 'operations per second', value: pace('pictor'), unit: '/s', beside: beside(pace) },
    {
      scenario,
      measure: 'CPU over bare sharp',
      ...over('pictor', 'bare', cpu),
      unit: '×',
      bar: { atMost: 1.08 },
    },
    {
      scenario,
      measure: 'throughput over bare sharp',
      ...over('bare', 'pictor', ({ seconds }) => seconds),
      unit: '×',
      note: 'the client and the server of HTTP share the cores with the work',
    },
    ...peers.map((name) => ({
      scenario,
      measure: `CPU gain over ${name}`,
      ...over(name, 'pictor', cpu),
      unit: '×',
      ...(name === 'ipx' ? { bar: { atLeast: ipxBar[format] } } : {}),
      ...(full || isJudged(name) ? {} : { note: 'quick run: fewer rounds, and two pictures in each' }),
    })),
  ];
}
