import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PictorEvent } from '../../src/core/events.ts';

/** Paths of all files below a store's `part`. */
export async function filesOf(dir: string, part: 'blobs' | 'tmp' | 'size'): Promise<string[]> {
  const entries = await readdir(join(dir, part), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Bytes of blobs and drafts on disk, in blocks of 4 KiB, at least one each. Files that go while we look count as gone. */
export async function bytesOf(dir: string): Promise<number> {
  const files = [...(await filesOf(dir, 'blobs')), ...(await filesOf(dir, 'tmp'))];
  const sizes = await Promise.all(
    files.map(async (file) => {
      const facts = await lstat(file).catch(() => null);
      return facts === null ? 0 : Math.max(1, Math.ceil(facts.size / 4096)) * 4096;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

export type StoreEvent = Extract<PictorEvent, { type: 'store' }>;

/** Collects the events of a store. */
export function storeEvents(): { readonly seen: StoreEvent[]; readonly emit: (event: PictorEvent) => void } {
  const seen: StoreEvent[] = [];
  return {
    seen,
    emit(event) {
      if (event.type === 'store') seen.push(event);
    },
  };
}
