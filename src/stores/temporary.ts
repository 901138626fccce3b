import { hash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PictorError } from '../core/errors.ts';
import type { FileStore } from '../core/ports.ts';
import { isAlive, isOwnFolder } from '../disk/left-behind.ts';
import { createFsStore, type FsStoreOptions } from './fs.ts';

export interface TemporaryFsStoreOptions extends Omit<FsStoreOptions, 'dir' | 'durable'> {
  /** Folder in which the store makes its own. Default: the system's folder for temporary files. */
  readonly parent?: string;
}

/** Containers may share a temporary folder, and their process ids mean nothing to each other. */
const hostMark = hash('sha256', hostname()).slice(0, 8);
const namePattern = /^pictor-([0-9a-f]{8})-(\d+)-[A-Za-z0-9]{6}$/;

/** Folders that nobody needs can wait for those who do. */
const cleaningAfterMs = 1000;

/**
 * A disk store in a fresh folder of its own, removed by `close`. Folders of this kind that belong to a process of this
 * machine and user that is gone are removed a little later, in the background.
 * @throws PictorError STORE_FAILED when the folder cannot be made
 */
export async function createTemporaryFsStore(options: TemporaryFsStoreOptions): Promise<FileStore> {
  const parent = options.parent ?? tmpdir();
  let cleaned: Promise<void> | null = null;
  const clean = () => {
    cleaned ??= removeLeftovers(parent);
  };
  const cleaning = setTimeout(clean, cleaningAfterMs).unref();
  const dir = await mkdtemp(join(parent, `pictor-${hostMark}-${process.pid}-`)).catch((cause: unknown) => {
    throw new PictorError('STORE_FAILED', { detail: `no temporary folder in ${parent}`, cause });
  });
  const store = await createFsStore({ ...options, dir });
  return {
    ...store,
    async close() {
      await store.close();
      clearTimeout(cleaning);
      clean();
      await cleaned;
      await rm(dir, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    },
  };
}

async function removeLeftovers(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const path = join(parent, name);
    if (isLeftover(name) && (await isOwnFolder(path)))
      await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

function isLeftover(name: string): boolean {
  const match = namePattern.exec(name);
  return match !== null && match[1] === hostMark && !isAlive(Number(match[2]));
}
