import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { isMissing } from '../../disk/files.ts';
import { createLastUsed } from '../../lib/last-used.ts';

/**
 * Which body files are known to be whole. A body that is handed out by its path is read by others, who cannot check it;
 * so it is read through once per process, and again when the file has changed.
 */
export interface Verdicts {
  /** True when the bytes have this CRC-32; null when the file has gone meanwhile. */
  isWhole(path: string, facts: Stats, sum: number): Promise<boolean | null>;
  /** Takes a file for whole that this process has just written. */
  trust(path: string, facts: Stats): void;
}

interface Verdict {
  /** What a changed file would differ in. */
  readonly mark: string;
  readonly answer: Promise<boolean | null>;
}

/** A few megabytes at most. */
const mostVerdicts = 10_000;
/** Large enough for few turns, small enough that many checks at once take little memory. */
const pieceBytes = 1024 * 1024;

export function createVerdicts(): Verdicts {
  const verdicts = createLastUsed<Verdict>(mostVerdicts);
  const markOf = ({ ino, size, mtimeMs }: Stats): string => `${ino}:${size}:${mtimeMs}`;

  return {
    isWhole(path, facts, sum) {
      const mark = markOf(facts);
      const known = verdicts.get(path);
      if (known?.mark === mark) return known.answer;
      const answer = hasSum(path, sum);
      verdicts.set(path, { mark, answer });
      // Only good news is worth keeping: the rest is removed, gone, or may be readable the next time.
      const forget = () => verdicts.delete(path);
      answer.then((whole) => whole === true || forget(), forget);
      return answer;
    },
    trust(path, facts) {
      verdicts.set(path, { mark: markOf(facts), answer: Promise.resolve(true) });
    },
  };
}

async function hasSum(path: string, sum: number): Promise<boolean | null> {
  try {
    return (await sumOf(path)) === sum;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Kept from one file to the next: a new one each time would be fresh pages, and garbage, of the size of the file. */
let spare: Buffer | undefined;

/** CRC-32 of a file. @throws the system's error */
export async function sumOf(path: string): Promise<number> {
  const handle = await open(path, 'r');
  const piece = spare ?? Buffer.allocUnsafeSlow(pieceBytes);
  spare = undefined;
  try {
    for (let sum = 0; ; ) {
      const { bytesRead } = await handle.read(piece, 0, pieceBytes);
      if (bytesRead === 0) return sum;
      sum = crc32(piece.subarray(0, bytesRead), sum);
    }
  } finally {
    spare = piece;
    await handle.close();
  }
}
