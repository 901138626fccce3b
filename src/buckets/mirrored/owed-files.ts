import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { EmitEvent } from '../../core/events.ts';
import { isMissing, makeDirectory, removeFile } from '../../disk/files.ts';
import { folderMode } from '../folder/durable-folders.ts';
import { copyInto, isOrphan, isOwnName, linkInto, ownName, type StagedFile } from '../folder/incoming.ts';
import { createSharedSync } from './shared-sync.ts';

/** An object the remote has not got yet. */
export interface OwedObject {
  readonly key: string;
  readonly contentType: string;
  /** Epoch milliseconds at which it was accepted; of two, the later one is larger. */
  readonly order: number;
  /** File with its bytes, which nobody changes. */
  readonly body: string;
  readonly size: number;
}

/**
 * What is owed, in a folder: per object a second name (hard link) of its file, and a small file that says what it is. So the
 * bytes cannot be lost by whatever becomes of the object's own name, and that one can be seen to be owed by its two names.
 */
export interface OwedFiles {
  /** Durable when it settles. @throws the system's errors; then nothing is owed */
  add(staged: StagedFile, facts: Pick<OwedObject, 'key' | 'contentType'>): Promise<OwedObject>;
  /** It has arrived, or is not wanted any more. Never rejects: at worst it is sent once more. */
  settle(owed: OwedObject): Promise<void>;
  /** What processes and buckets owe that are gone, oldest first; each once. @throws the system's errors */
  recover(): Promise<readonly OwedObject[]>;
  /** What is still owed is left to the next who recovers. */
  close(): void;
}

const described = z.object({ key: z.string(), contentType: z.string(), order: z.number() });

const bodySuffix = '.body';
const factsSuffix = '.json';

/** Of another machine it is not known whether it lives: its objects are taken over after this long. */
const abandonedAfterMs = 10 * 60_000;

/** What buckets of this process hold; what it gave a name to and nobody holds was left by a bucket that is closed. */
const held = new Set<string>();

export function createOwedFiles(folder: string, emit: EmitEvent): OwedFiles {
  const sync = createSharedSync(folder);
  const mine = new Set<string>();
  let lastOrder = 0;
  let opened: Promise<void> | null = null;

  function openFolder(): Promise<void> {
    opened ??= makeDirectory(folder, folderMode).catch((thrown: unknown) => {
      opened = null;
      throw thrown;
    });
    return opened;
  }

  const pathOf = (name: string, suffix: string) => join(folder, `${name}${suffix}`);

  function hold(body: string): void {
    held.add(body);
    mine.add(body);
  }

  function letGo(body: string): void {
    held.delete(body);
    mine.delete(body);
  }

  async function removeBoth(body: string): Promise<void> {
    await removeFile(body);
    await removeFile(`${body.slice(0, -bodySuffix.length)}${factsSuffix}`);
    letGo(body);
  }

  async function recovered(name: string): Promise<OwedObject | null> {
    const body = pathOf(name, bodySuffix);
    try {
      const facts = described.parse(JSON.parse(await readFile(pathOf(name, factsSuffix), 'utf8')));
      return { ...facts, body, size: (await stat(body)).size };
    } catch (thrown) {
      if (isMissing(thrown) && (await stat(body).catch(() => null)) === null) return null;
      // Its put never came to an end, or the disk has lost it: nobody knows what it was.
      const facts = { file: body, detail: thrown instanceof Error ? thrown.message : String(thrown) };
      emit({
        type: 'notice',
        level: 'error',
        message: 'an object that was owed cannot be told any more',
        facts,
      });
      return null;
    }
  }

  async function isLeft(name: string): Promise<boolean> {
    if (isOwnName(name)) return !held.has(pathOf(name, bodySuffix));
    const orphan = isOrphan(name);
    if (orphan !== null) return orphan;
    const facts = await stat(pathOf(name, factsSuffix)).catch(() => null);
    return facts !== null && Date.now() - facts.ctimeMs > abandonedAfterMs;
  }

  return {
    async add(staged, { key, contentType }) {
      await openFolder();
      const order = Math.max(Date.now(), lastOrder + 1);
      lastOrder = order;
      const name = ownName();
      const body = pathOf(name, bodySuffix);
      hold(body);
      try {
        await writeDurably(pathOf(name, factsSuffix), JSON.stringify({ key, contentType, order }));
        if (!(await linkInto(body, staged.path)))
          await copyInto(body, { file: staged.path, size: staged.size });
        await sync();
        return { key, contentType, order, body, size: staged.size };
      } catch (thrown) {
        if (isMissing(thrown)) opened = null;
        await removeBoth(body);
        throw thrown;
      }
    },
    settle: ({ body }) => removeBoth(body),
    async recover() {
      const names = new Set<string>();
      for (const file of await readdir(folder).catch(passMissing)) names.add(file.replace(/\.[a-z]+$/, ''));
      const found: OwedObject[] = [];
      for (const name of names) {
        const body = pathOf(name, bodySuffix);
        if (held.has(body) || !(await isLeft(name))) continue;
        hold(body);
        const owed = await recovered(name);
        if (owed === null) await removeFile(pathOf(name, factsSuffix));
        else found.push(owed);
      }
      for (const { order } of found) lastOrder = Math.max(lastOrder, order);
      return found.toSorted((a, b) => a.order - b.order);
    },
    close() {
      for (const body of mine) held.delete(body);
      mine.clear();
    },
  };
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o640);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function passMissing(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}
