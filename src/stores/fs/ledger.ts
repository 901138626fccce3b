import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileMode, isMissing, removeFile } from '../../disk/files.ts';
import { namesIn } from './layout.ts';

/**
 * How many bytes are in use must be known at start without walking a million files. Every process that works on the
 * folder keeps one tiny file, a ledger, with what it has added less what it has removed; the sum of all ledgers is what
 * is on disk. No lock is needed: a process only ever writes its own. `upper` is set ahead of the writes it covers, so the
 * sum errs upwards only, also after kill -9.
 */
export interface Ledger {
  /** Bytes: never less than what was added and not removed, whatever happens next. */
  readonly upper: number;
  /** Bytes added less bytes removed when this was written; may be negative. */
  readonly net: number;
  /** Records added less records removed. */
  readonly entries: number;
  /** The process has ended in good order: anyone may take the ledger over. */
  readonly closed: boolean;
}

export interface FoundLedger extends Ledger {
  readonly name: string;
  readonly idleMs: number;
}

const namePattern = /^[0-9a-f]{16}(?:\.\d+)?$/;
const textPattern = /^pictor-size 1 (-?\d+) (-?\d+) (-?\d+) (open|closed)\n$/;

/** The ledgers of the other processes, and the names of those that cannot be read as one. */
export async function readLedgers(query: {
  readonly directory: string;
  readonly except: string;
  readonly now: number;
}): Promise<{ found: FoundLedger[]; damaged: string[] }> {
  const { directory, except, now } = query;
  const found: FoundLedger[] = [];
  const damaged: string[] = [];
  for (const name of (await namesIn(directory)).filter(
    (entry) => entry !== except && namePattern.test(entry),
  )) {
    const ledger = await readLedger(directory, name, now);
    if (ledger === 'damaged') damaged.push(name);
    else if (ledger !== null) found.push(ledger);
  }
  return { found, damaged };
}

async function readLedger(
  directory: string,
  name: string,
  now: number,
): Promise<FoundLedger | 'damaged' | null> {
  try {
    const path = join(directory, name);
    const [text, facts] = [await readFile(path, 'latin1'), await stat(path)];
    const match = textPattern.exec(text);
    if (match === null) return 'damaged';
    const [upper, net, entries] = match.slice(1, 4).map(Number) as [number, number, number];
    return { name, upper, net, entries, closed: match[4] === 'closed', idleMs: now - facts.mtimeMs };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export async function writeLedger(directory: string, name: string, ledger: Ledger): Promise<void> {
  const draft = join(directory, `${name}.new`);
  const { upper, net, entries } = ledger;
  const text = `pictor-size 1 ${upper} ${net} ${entries} ${ledger.closed ? 'closed' : 'open'}\n`;
  await writeFile(draft, text, { mode: fileMode });
  await rename(draft, join(directory, name));
}

/** Takes a ledger over under another name; false when another process was faster. */
export async function claimLedger(directory: string, name: string, as: string): Promise<boolean> {
  try {
    await rename(join(directory, name), join(directory, as));
    return true;
  } catch {
    return false;
  }
}

export async function removeLedgers(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await removeFile(join(directory, name));
}
