import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { PictorError } from '../core/errors.ts';
import { describeFailure, fileMode, isMissing, makeDirectory, syncDirectory } from '../disk/files.ts';

/** Lines of text that outlive the process, and a loss of power. All of it rejects with PictorError STORE_FAILED alone. */
export interface LineFile {
  /** Whole lines alone: one that a crash has cut off was never acknowledged. */
  read(): Promise<readonly string[]>;
  /** Durable when it settles. */
  append(line: string): Promise<void>;
  /** All lines at once, or none. Durable when it settles. */
  replace(lines: readonly string[]): Promise<void>;
}

/** A file of lines, made with the first one. */
export function createLineFile(file: string): LineFile {
  const folder = path.dirname(file);
  /** True: the file may end in the middle of a line, which must not become one with the next. */
  let torn = false;

  async function read(): Promise<readonly string[]> {
    const text = await readFile(file, 'utf8').catch((thrown: unknown) => {
      if (isMissing(thrown)) return '';
      throw thrown;
    });
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    torn = whole.length < text.length;
    return whole.split('\n').filter((line) => line !== '');
  }

  async function write(flags: 'a' | 'w', to: string, lines: readonly string[]): Promise<void> {
    const handle = await open(to, flags, fileMode);
    try {
      await handle.writeFile(lines.map((line) => `${line}\n`).join(''));
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async function replace(lines: readonly string[]): Promise<void> {
    const draft = `${file}.new`;
    await makeDirectory(folder);
    await write('w', draft, lines);
    await rename(draft, file);
    await syncDirectory(folder);
    torn = false;
  }

  async function append(line: string): Promise<void> {
    if (torn) return replace([...(await read()), line]);
    await makeDirectory(folder);
    torn = true;
    await write('a', file, [line]);
    await syncDirectory(folder);
    torn = false;
  }

  return {
    read: () => onFile(file, read),
    append: (line) => onFile(file, () => append(line)),
    replace: (lines) => onFile(file, () => replace(lines)),
  };
}

async function onFile<T>(file: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    throw new PictorError('STORE_FAILED', { detail: `${file}: ${describeFailure(cause)}`, cause });
  }
}
