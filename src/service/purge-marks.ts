import { asPictorError, PictorError } from '../core/errors.ts';
import { originalScheme } from '../request/storage.ts';

/** A source, and when it was asked for what was made of it; epoch milliseconds. */
export interface SourceTime {
  readonly uri: string;
  readonly asked: number;
}

/** What is to count no more: all of one URI, or of all URIs of kept originals that begin so. */
export type PurgeScope = { readonly uri: string } | { readonly prefix: string };

/** A purge: what the sources said until then does not count. */
export type PurgeMark = PurgeScope & {
  /** Epoch milliseconds; two purges never have the same. */
  readonly at: number;
};

/**
 * Which copies were purged, and when. A mark is one line, whatever there is of copies, so a purge takes effect at once and
 * everywhere: in stores that are slow or away too, and for what is on its way while it is made.
 */
export interface PurgeMarks {
  /** Of the last purge that covers the URI; 0: none does. What was asked for then or before does not count. */
  of(uri: string): number;
  /** Whether one of these sources was purged since it was asked. */
  isGone(sources: readonly SourceTime[]): boolean;
  /** Counts from the call on; settles when it will also count after a crash. @throws PictorError STORE_FAILED */
  set(scope: PurgeScope): Promise<PurgeMark>;
  /** Those whose copies may still lie in the stores, the oldest first. */
  unswept(): readonly PurgeMark[];
  /** No store holds a copy any more that was purged until then. */
  swept(at: number): Promise<void>;
}

/** Where marks outlive the process: lines of text, the oldest first. */
export interface PurgeJournal {
  read(): Promise<readonly string[]>;
  /** Durable when it settles. */
  append(line: string): Promise<void>;
  /** All lines at once, or none. */
  replace(lines: readonly string[]): Promise<void>;
}

export interface PurgeMarksParts {
  readonly journal: PurgeJournal;
  readonly now: () => number;
  /** Marks that are kept; beyond that the older half becomes one that covers everything. Default 100,000. */
  readonly most?: number;
}

const usualMost = 100_000;

type Line = PurgeMark | { readonly before: number } | { readonly swept: number };

/** Marks in memory, as lines of a journal tell them. */
export interface MarkTable extends Pick<PurgeMarks, 'of' | 'isGone' | 'unswept'> {
  /** Takes one line of a journal in. @throws PictorError STORE_FAILED when it is none */
  take(line: string): void;
  /** A new mark, later than all others; false: there are too many now, and `tidy` is due. */
  add(mark: PurgeMark): boolean;
  /** A time for the next mark. */
  next(now: number): number;
  /** Notes that no store holds what was purged until then; false: that was known. */
  swept(at: number): boolean;
  /** One mark per scope, the oldest first; too many of them become one that covers everything. */
  tidy(): void;
  lines(): readonly string[];
}

/** @param most as in `PurgeMarksParts` */
export function createMarkTable(most: number = usualMost): MarkTable {
  const uris = new Map<string, number>();
  /** By length, so that looking for those of a URI is one look per length there is. */
  const prefixes = new Map<number, Map<string, number>>();
  let marks: PurgeMark[] = [];
  /** Nothing that was asked for then or before counts, of whichever source. */
  let floor = 0;
  let sweptUntil = 0;
  let last = 0;

  function note(mark: PurgeMark): void {
    marks.push(mark);
    last = Math.max(last, mark.at);
    if ('uri' in mark) {
      uris.set(mark.uri, mark.at);
      return;
    }
    const { length } = mark.prefix;
    const ofLength = prefixes.get(length) ?? new Map<string, number>();
    prefixes.set(length, ofLength.set(mark.prefix, mark.at));
  }

  function of(uri: string): number {
    let at = floor;
    if (uris.size > 0) at = Math.max(at, uris.get(uri) ?? 0);
    if (prefixes.size === 0 || !uri.startsWith(originalScheme)) return at;
    for (const [length, ofLength] of prefixes) {
      if (length <= uri.length) at = Math.max(at, ofLength.get(uri.slice(0, length)) ?? 0);
    }
    return at;
  }

  return {
    of,
    isGone: (sources) =>
      (floor > 0 || marks.length > 0) && sources.some(({ uri, asked }) => of(uri) >= asked),
    unswept: () => marks.filter(({ at }) => at > sweptUntil),
    take(text) {
      const line = parsed(text);
      if ('before' in line) floor = Math.max(floor, line.before);
      else if ('swept' in line) sweptUntil = Math.max(sweptUntil, line.swept);
      else note(line);
    },
    add(mark) {
      note(mark);
      return marks.length <= most;
    },
    // A clock that was set back must not let what was purged count again.
    next: (now) => Math.max(now, last + 1),
    swept(at) {
      if (at <= sweptUntil) return false;
      sweptUntil = at;
      return true;
    },
    tidy() {
      const latest = new Map(marks.map((mark) => [nameOf(mark), mark]));
      const kept = [...latest.values()].toSorted((a, b) => a.at - b.at);
      const dropped = kept.length <= most ? [] : kept.splice(0, kept.length - Math.floor(most / 2));
      floor = Math.max(floor, dropped.at(-1)?.at ?? 0);
      uris.clear();
      prefixes.clear();
      marks = [];
      for (const mark of kept) note(mark);
    },
    lines: () => [{ before: floor }, { swept: sweptUntil }, ...marks].map((line) => JSON.stringify(line)),
  };
}

/** Marks with their journal. */
export interface PurgeBook extends PurgeMarks {
  /** All of it, as a journal would hold it. */
  lines(): readonly string[];
}

/** @throws PictorError STORE_FAILED when the journal cannot be read: then nobody knows what was purged */
export async function openPurgeMarks({ journal, now, most }: PurgeMarksParts): Promise<PurgeBook> {
  const table = createMarkTable(most);
  const found = await journal.read();
  for (const text of found) table.take(text);
  table.tidy();
  const few = table.lines();
  if (found.length > 2 * (few.length - 2) + 100) await journal.replace(few);

  let writing: Promise<void> = Promise.resolve();
  /** One after another: a line that is added while all are replaced would be lost. */
  function write(task: () => Promise<void>): Promise<void> {
    const done = writing.then(task).catch((thrown: unknown) => {
      const { detail = '' } = asPictorError(thrown);
      throw new PictorError('STORE_FAILED', { detail: `purges cannot be noted: ${detail}`, cause: thrown });
    });
    writing = done.catch(() => {});
    return done;
  }

  return {
    ...table,
    async set(scope) {
      const mark = { ...scope, at: table.next(now()) };
      const isFull = !table.add(mark);
      if (isFull) table.tidy();
      await write(() => (isFull ? journal.replace(table.lines()) : journal.append(JSON.stringify(mark))));
      return mark;
    },
    async swept(at) {
      if (table.swept(at)) await write(() => journal.append(JSON.stringify({ swept: at })));
    },
  };
}

const nameOf = (mark: PurgeScope): string => ('uri' in mark ? `uri ${mark.uri}` : `prefix ${mark.prefix}`);

/** A line that was cut off by a crash was never acknowledged; anything else that is no mark is not passed over. */
function parsed(text: string): Line {
  const value = JSON.parse(text) as Partial<Record<'at' | 'before' | 'swept' | 'uri' | 'prefix', unknown>>;
  const { at, before, swept, uri, prefix } = value;
  if (typeof before === 'number') return { before };
  if (typeof swept === 'number') return { swept };
  if (typeof at === 'number' && typeof uri === 'string') return { at, uri };
  if (typeof at === 'number' && typeof prefix === 'string') return { at, prefix };
  throw new PictorError('STORE_FAILED', { detail: `no purge: ${text.slice(0, 200)}` });
}

/** For those who have nothing to purge. */
export const noPurges: Pick<PurgeMarks, 'of' | 'isGone'> = { of: () => 0, isGone: () => false };
