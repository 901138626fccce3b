import path from 'node:path';
import type { EmitEvent } from '../core/events.ts';
import type { BlobStore } from '../core/ports.ts';
import { createFsStore } from '../stores/fs.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { CacheSettings } from '../stores/settings.ts';
import { createTemporaryFsStore } from '../stores/temporary.ts';
import { createTieredStore } from '../stores/tiered.ts';

export interface Stores {
  readonly variants: BlobStore;
  readonly originals: BlobStore;
}

/**
 * Opens the caches. With a folder both are kept below it and survive a restart; without one, variants live in memory and
 * originals in a temporary folder, because workers read them as files.
 * @throws PictorError STORE_FAILED
 */
export async function openStores(settings: CacheSettings, emit: EmitEvent): Promise<Stores> {
  const { dir, memory, variants, originals } = settings;
  const upper = createMemoryStore({ maxBytes: memory });
  const originalsOptions = { maxBytes: originals, emit, name: 'originals', separateBodies: true };
  if (dir === '') return { variants: upper, originals: await createTemporaryFsStore(originalsOptions) };
  const lower = await createFsStore({ dir: path.resolve(dir, 'variants'), maxBytes: variants, emit });
  const held = await createFsStore({ ...originalsOptions, dir: path.resolve(dir, 'originals') });
  return { variants: createTieredStore([upper, lower]), originals: held };
}
