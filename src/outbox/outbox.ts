import { mkdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { PictorError } from '../core/errors.ts';

/**
 * Work that was promised and is not done yet, in a file: what is added is there after a crash (SIGKILL, out of memory). It
 * is a queue with several lanes; entries of a lane are taken when they are due, and come back by themselves when whoever
 * took them does not finish in time. Several processes may share a file.
 *
 * Everything is synchronous and takes some ten microseconds: nothing here waits for the disk, but for one time in some
 * thousand writes. The disk has it about a second later, which is what a loss of power can cost.
 */
export interface Outbox {
  /** @returns its number. @throws PictorError STORE_FAILED */
  add(entry: NewEntry): number;
  /** Those longest overdue, in the order they were added. They are not handed out again before `until`. @throws as `add` */
  take(lane: string, terms: TakeTerms): readonly OutboxEntry[];
  /** Puts an entry that was taken back. @throws as `add` */
  postpone(id: number, to: Postponement): void;
  /** Forgets an entry. @throws as `add` */
  remove(id: number): void;
  /** Makes all entries of a lane due that have been tried this often at least and that nobody has. @throws as `add` */
  hasten(lane: string, terms: { readonly now: number; readonly tries: number }): void;
  /** Removes what was added before a time and what nobody has, of all lanes, and tells what it was. @throws as `add` */
  expire(terms: { readonly before: number; readonly now: number }): readonly OutboxEntry[];
  /** When the next entry of a lane is due, epoch milliseconds; null when there is none. @throws as `add` */
  nextDue(lane: string): number | null;
  /** What waits, by lane; lanes without entries are absent. @throws as `add` */
  waiting(): ReadonlyMap<string, { readonly count: number; readonly oldest: number }>;
  /** Writes to disk what is not there yet, and lets go of the file. */
  close(): Promise<void>;
}

export interface NewEntry {
  readonly lane: string;
  /** Says what it is, for logs. */
  readonly label: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Absent: `now`. */
  readonly due?: number;
}

export interface TakeTerms {
  readonly now: number;
  readonly until: number;
  readonly limit: number;
}

export interface Postponement {
  readonly due: number;
  /** How often it was tried. */
  readonly tries: number;
  /** How often the answer was a no. */
  readonly refusals: number;
}

export interface OutboxEntry {
  readonly id: number;
  readonly lane: string;
  readonly label: string;
  readonly body: string;
  /** When it was added, epoch milliseconds. */
  readonly added: number;
  /** As last given to `postpone`; 0 at first. */
  readonly tries: number;
  readonly refusals: number;
}

const tables = `
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, label TEXT NOT NULL, body TEXT NOT NULL,
    added INTEGER NOT NULL, due INTEGER NOT NULL, held INTEGER NOT NULL, tries INTEGER NOT NULL,
    refusals INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS entries_due ON entries (lane, due);
`;

/** Pages of the write-ahead log that are moved into the file together: this is when a write waits for the disk. */
const pagesAtOnce = 8000;
/** Bytes of that log that are kept for reuse. */
const keptLogBytes = 16 * 1024 * 1024;
/** Patience with another process that writes, milliseconds. */
const writerPatience = 2000;
/** How late the disk may have what was added, milliseconds. */
const syncDelay = 1000;

const columns = 'id, lane, label, body, added, tries, refusals';

const statements = {
  add: 'INSERT INTO entries (lane, label, body, added, due, held, tries, refusals) VALUES (?, ?, ?, ?, ?, 0, 0, 0) RETURNING id',
  take: `UPDATE entries SET due = ?, held = 1 WHERE id IN
    (SELECT id FROM entries WHERE lane = ? AND due <= ? ORDER BY due, id LIMIT ?)
    RETURNING ${columns}`,
  postpone: 'UPDATE entries SET due = ?, held = 0, tries = ?, refusals = ? WHERE id = ?',
  remove: 'DELETE FROM entries WHERE id = ?',
  hasten: 'UPDATE entries SET due = ? WHERE lane = ? AND tries >= ? AND due > ? AND held = 0',
  expire: `DELETE FROM entries WHERE added < ? AND (held = 0 OR due <= ?) RETURNING ${columns}`,
  nextDue: 'SELECT min(due) AS due FROM entries WHERE lane = ?',
  waiting: 'SELECT lane, count(*) AS count, min(added) AS oldest FROM entries GROUP BY lane',
} as const;

/**
 * Opens the outbox of this file, which is made with its folders where there is none.
 * @param file empty: in memory only
 * @throws PictorError STORE_FAILED
 */
export async function openOutbox(file: string): Promise<Outbox> {
  const database = classified(file, () => openDatabase(file));
  const run = Object.fromEntries(
    Object.entries(statements).map(([name, text]) => [name, database.prepare(text)]),
  ) as Record<keyof typeof statements, StatementSync>;
  const disk = await createSync(file);

  /** Every statement that writes goes through here. */
  const write = <Result>(work: () => Result): Result => {
    const result = classified(file, work);
    disk.owe();
    return result;
  };

  return {
    add: ({ lane, label, body, now, due = now }) =>
      write(() => Number(run.add.get(lane, label, body, now, due)!['id'])),
    take: (lane, { now, until, limit }) =>
      write(() => entriesOf(run.take.all(until, lane, now, limit)).toSorted((a, b) => a.id - b.id)),
    postpone: (id, { due, tries, refusals }) => write(() => void run.postpone.run(due, tries, refusals, id)),
    remove: (id) => write(() => void run.remove.run(id)),
    hasten: (lane, { now, tries }) => write(() => void run.hasten.run(now, lane, tries, now)),
    expire: ({ before, now }) => write(() => entriesOf(run.expire.all(before, now))),
    nextDue: (lane) =>
      classified(file, () => (run.nextDue.get(lane) as { due: number | null } | undefined)?.due ?? null),
    waiting: () =>
      classified(file, () => {
        const rows = run.waiting.all() as unknown as readonly {
          lane: string;
          count: number;
          oldest: number;
        }[];
        return new Map(rows.map(({ lane, count, oldest }) => [lane, { count, oldest }]));
      }),
    async close() {
      await disk.close();
      // Moves the log into the file and removes it, unless another process is still there.
      classified(file, () => database.close());
    },
  };
}

const entriesOf = (rows: unknown): readonly OutboxEntry[] => rows as readonly OutboxEntry[];

function openDatabase(file: string): DatabaseSync {
  if (file !== '') mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file === '' ? ':memory:' : file, { timeout: writerPatience });
  try {
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${pagesAtOnce};
       PRAGMA journal_size_limit = ${keptLogBytes}; ${tables}`,
    );
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function classified<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof PictorError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new PictorError('STORE_FAILED', { detail: `${file || 'outbox'}: ${reason}`, cause: thrown });
  }
}

interface DiskSync {
  /** Something was written that the disk need not have yet. */
  owe(): void;
  close(): Promise<void>;
}

/**
 * Sees that the disk has the log about a second after a write, in the background. SQLite would do it with every write, and
 * the whole server would wait meanwhile. (SQLite holds no lock on its log, so opening it once more harms none.)
 */
async function createSync(file: string): Promise<DiskSync> {
  if (file === '') return { owe: () => {}, close: async () => {} };
  const log = await openLog(`${file}-wal`);
  let timer: NodeJS.Timeout | null = null;
  let syncing: Promise<void> = Promise.resolve();
  const sync = () => {
    timer = null;
    // A disk that cannot is told of by the writes themselves.
    syncing = syncing.then(() => log?.datasync()).catch(() => {});
  };
  return {
    owe() {
      timer ??= setTimeout(sync, syncDelay).unref();
    },
    async close() {
      if (timer !== null) clearTimeout(timer);
      sync();
      await syncing;
      await log?.close();
    },
  };
}

/** Null where there is none: a file system that has no shared memory makes SQLite do without a log. */
async function openLog(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, 'r+');
  } catch {
    return null;
  }
}
