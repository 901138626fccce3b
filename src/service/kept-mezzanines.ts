import { hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import type { FileStore } from '../core/ports.ts';
import { createLastUsed } from '../lib/last-used.ts';
import type { Mezzanine } from '../plan/engine-port.ts';
import { mostMezzanines } from '../plan/mezzanine.ts';
import type { HeldOriginal } from './held-original.ts';
import type { PurgeMarks, SourceTime } from './purge-marks.ts';

interface MezzanineRecord extends SourceTime {
  /** Of the original. */
  readonly version: string;
  readonly width: number;
  readonly height: number;
}

export interface KeptMezzanine extends MezzanineRecord {
  readonly path: string;
}

/** The mezzanines of a store. Those that were purged are missing. */
export interface KeptMezzanines {
  /** Of a URI, of whichever version, the largest first: what was found a moment ago counts. Never rejects. */
  find(uri: string): Promise<readonly KeptMezzanine[]>;
  /** What was found a moment ago, or that there was nothing; undefined: that is not known. */
  known(uri: string): readonly KeptMezzanine[] | undefined;
  /** As `find`, on the disk. */
  look(uri: string): Promise<readonly KeptMezzanine[]>;
  /** Files to make some in, which are to be removed afterwards. @throws PictorError STORE_FAILED */
  files(): Promise<readonly string[]>;
  /** Never rejects. */
  remove(files: readonly string[]): Promise<void>;
  /** Takes files over, in the place of those of another version. @throws PictorError STORE_FAILED */
  keep(original: HeldOriginal, made: readonly Mezzanine[]): Promise<void>;
  drop(uri: string): Promise<void>;
}

/** By URI, so that those of a new version take the place of the old ones. */
const keyOf = (uri: string, level: number): string => hash('sha256', `${level}\n${uri}`);

const levels = Array.from({ length: mostMezzanines }, (_, level) => level);

/**
 * The disk is not asked again for each picture of a page: that would be a fifth of the work. One that went meanwhile is
 * missed by the worker, which then takes the original.
 */
const foundMilliseconds = 5000;
const foundUris = 1000;

/** URIs that have none: the disk is not asked again for each variant. */
const absentUris = 10_000;

export function createKeptMezzanines(store: FileStore, purges: Pick<PurgeMarks, 'isGone'>): KeptMezzanines {
  const found = new LRUCache<string, readonly KeptMezzanine[]>({ max: foundUris, ttl: foundMilliseconds });
  const absent = createLastUsed<true>(absentUris);
  let keeps = 0;
  const present = (all: readonly KeptMezzanine[]) => all.filter((each) => !purges.isGone([each]));

  async function look(uri: string): Promise<readonly KeptMezzanine[]> {
    const before = keeps;
    const blobs = await Promise.all(levels.map((level) => store.get(keyOf(uri, level)).catch(() => null)));
    const all = blobs.flatMap((blob) => {
      const meta = blob?.meta as MezzanineRecord | undefined;
      return blob?.path === undefined || meta?.uri !== uri ? [] : [{ ...meta, path: blob.path }];
    });
    if (all.length > 0) {
      found.set(uri, all);
      absent.delete(uri);
    } else if (before === keeps) absent.set(uri, true);
    return present(all);
  }

  function known(uri: string): readonly KeptMezzanine[] | undefined {
    if (absent.has(uri)) return [];
    const all = found.get(uri);
    return all === undefined ? undefined : present(all);
  }

  async function drop(uri: string): Promise<void> {
    found.delete(uri);
    for (const level of levels) await (store.erase ?? store.delete)(keyOf(uri, level));
  }

  return {
    look,
    known,
    drop,
    find: async (uri) => known(uri) ?? look(uri),
    files: () => Promise.all(levels.map(() => store.draft('.v'))),
    async remove(files) {
      await Promise.allSettled(files.map((file) => rm(file, { force: true })));
    },
    async keep(original, made) {
      const { uri, version, asked } = original;
      for (const [level, { width, height, path }] of made.entries())
        await store.adopt(keyOf(uri, level), path, { uri, asked, version, width, height });
      keeps += 1;
      found.delete(uri);
      absent.delete(uri);
      if (purges.isGone([original])) await drop(uri);
    },
  };
}
