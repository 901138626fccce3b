import { getHeapSpaceStatistics, type HeapSpaceInfo, setFlagsFromString } from 'node:v8';

const megabyte = 1024 * 1024;
const lookEveryMs = 500;

/** Of the space for young objects, both halves. With less, hits cost more: objects of a request do not die before the next collection. */
const youngBytes = 16 * megabyte;

/**
 * What may come to lie on V8's heap, or hang on it as bytes of pictures do, until all of it is collected, besides 30 % of
 * what is in use. A memory cache that is full turns old bytes into garbage with every picture it takes; left to itself, V8
 * lets several times of what is in use pile up first. But hits wait for each collection, some ten milliseconds
 * (docs/adr/0027-v8-heaps.md).
 */
const roomBytes = 12 * megabyte;

/** What is in use is the least that was seen, for the rest was garbage; by so much it may have grown from one look to the next. */
const inUseGrowth = 1.2;

/**
 * Keeps V8 from taking memory for garbage alone. On machines with much of it V8 lets its space for young objects grow to 128 MB
 * as requests go by; here it stays at 16 MB. The sizes themselves can only be set on the command line of node, which is not
 * ours when somebody types `pictor`; the factors by which they grow can be set while it runs.
 */
export function boundHeap(): void {
  let percent = 0;
  let youngGrows = true;
  let inUse = Number.POSITIVE_INFINITY;
  const look = () => {
    const spaces = getHeapSpaceStatistics();
    inUse = Math.min(oldBytesOf(spaces), inUse * inUseGrowth);
    const next = growthPercent(inUse);
    if (next !== percent) setFlagsFromString(`--heap-growing-percent=${next}`);
    percent = next;
    if (!youngGrows || youngOf(spaces).space_size < youngBytes) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    youngGrows = false;
  };
  look();
  setInterval(look, lookEveryMs).unref();
}

type Space = Pick<HeapSpaceInfo, 'space_name' | 'space_size' | 'space_used_size'>;

const isYoung = ({ space_name }: Space): boolean => space_name.startsWith('new_');

const youngOf = (spaces: readonly Space[]): Space =>
  spaces.find(({ space_name }) => space_name === 'new_space') ?? nothing;

const nothing: Space = { space_name: 'new_space', space_size: 0, space_used_size: 0 };

const oldBytesOf = (spaces: readonly Space[]): number =>
  spaces.reduce((sum, each) => (isYoung(each) ? sum : sum + each.space_used_size), 0);

/**
 * By how much the space for old objects may grow, of what V8 finds in use when it has collected. It begins the next time when
 * what is left of that is no more than half the space for young objects: with less room it would never end.
 */
export const growthPercent = (inUse: number): number =>
  30 + Math.round((100 * roomBytes) / Math.max(inUse, megabyte));
