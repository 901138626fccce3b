import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { LRUCache } from 'lru-cache';
import type { ImageInfo, ImageLimits } from '../core/image-info.ts';
import type { BlobStore } from '../core/ports.ts';
import { createLastUsed } from '../lib/last-used.ts';
import type { Engine, Mezzanine } from '../plan/engine-port.ts';
import { mezzanineSizes, needsOriginal } from '../plan/mezzanine.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { HeldOriginal } from './held-original.ts';
import type { IdleLane } from './idle-lane.ts';
import type { PurgeMarks, SourceTime } from './purge-marks.ts';

export interface MezzanineParts {
  /** Null: none are made. */
  readonly store: BlobStore | null;
  readonly engine: Engine;
  readonly lane: IdleLane;
  readonly limits: ImageLimits;
  readonly purges: Pick<PurgeMarks, 'isGone'>;
}

/** Smaller copies of large originals, which spare further variants the decoding. */
export interface Mezzanines {
  /** Those of an original of which this picture is to be made, the largest first. Never rejects. */
  find(original: HeldOriginal, image: ImageRequest): Promise<readonly Mezzanine[]>;
  /** A picture was made of the original itself, so there may be more to come. */
  madeOf(original: HeldOriginal, info: ImageInfo): void;
  /** Drops those of an original. */
  forget(uri: string): Promise<void>;
}

interface MezzanineRecord extends SourceTime {
  /** Of the original. */
  readonly version: string;
  readonly width: number;
  readonly height: number;
}

interface KeptMezzanine extends MezzanineRecord {
  readonly path: string;
}

/** By URI, so that those of a new version take the place of the old ones. */
const keyOf = (uri: string, level: number): string =>
  createHash('sha256').update(`${level}\n${uri}`).digest('hex');

/** As many as there ever are. */
const levels = [0, 1];

/** Originals of which none can be made, or that have none: the disk is not asked again for each variant. */
const rememberedUris = 10_000;

/**
 * The disk is not asked again for each picture of a page: that would be a fifth of the work. One that went meanwhile is
 * missed by the worker, which then takes the original.
 */
const foundMilliseconds = 5000;
const foundUris = 1000;

/** A mezzanine has ten megabytes: in pieces of the usual 64 KiB putting it away would take the event loop as long as decoding a photo. */
const pieces = { highWaterMark: 1024 * 1024 } as const;

const nameOf = (uri: string): string => `mezzanine ${uri}`;

export function createMezzanines(parts: MezzanineParts): Mezzanines {
  const { store, engine, lane, purges } = parts;
  if (store === null) return noMezzanines;
  const absent = createLastUsed<true>(rememberedUris);
  const failed = createLastUsed<true>(rememberedUris);

  const found = new LRUCache<string, readonly KeptMezzanine[]>({ max: foundUris, ttl: foundMilliseconds });

  /** What is kept for a URI, of whichever version. */
  async function kept(uri: string): Promise<readonly KeptMezzanine[]> {
    const known = found.get(uri) ?? (await lookFor(uri));
    return known.filter((each) => !purges.isGone([each]));
  }

  async function lookFor(uri: string): Promise<readonly KeptMezzanine[]> {
    const blobs = await Promise.all(levels.map((level) => store!.get(keyOf(uri, level)).catch(() => null)));
    const all = blobs.flatMap((blob) => {
      const meta = blob?.meta as MezzanineRecord | undefined;
      return blob?.path === undefined || meta?.uri !== uri ? [] : [{ ...meta, path: blob.path }];
    });
    if (all.length > 0) found.set(uri, all);
    return all;
  }

  /** @throws PictorError */
  async function make(original: HeldOriginal): Promise<void> {
    const { uri, version, input } = original;
    if ((await kept(uri)).some((each) => each.version === version)) {
      // Made by another process, after it was looked for here.
      absent.delete(uri);
      return;
    }
    try {
      const made = await engine.reduce(input, parts.limits);
      if (made.length === 0) return void failed.set(`${uri}\n${version}`, true);
      try {
        await keep(original, made);
      } finally {
        await removeFolderOf(made[0]!.path);
      }
      absent.delete(uri);
    } catch (thrown) {
      failed.set(`${uri}\n${version}`, true);
      throw thrown;
    }
  }

  async function keep(original: HeldOriginal, made: readonly Mezzanine[]): Promise<void> {
    const { uri, version, asked } = original;
    for (const [level, { width, height, path: file }] of made.entries())
      await store!.put(keyOf(uri, level), createReadStream(file, pieces), {
        uri,
        asked,
        version,
        width,
        height,
      });
    found.delete(uri);
    if (purges.isGone([original])) await drop(uri);
  }

  async function drop(uri: string): Promise<void> {
    found.delete(uri);
    for (const level of levels) await store!.delete(keyOf(uri, level));
  }

  return {
    async find({ uri, version }, { output }) {
      if (needsOriginal(output) || absent.has(uri)) return [];
      const present = await kept(uri);
      if (present.length === 0) absent.set(uri, true);
      return present
        .filter((each) => each.version === version)
        .map(({ path: file, width, height }) => ({ path: file, width, height }));
    },
    madeOf(original, info) {
      const { uri, version, freshness, memory } = original;
      if (!freshness.storable || memory !== undefined) return;
      if (mezzanineSizes(info).length === 0 || failed.has(`${uri}\n${version}`)) return;
      const name = nameOf(uri);
      const again = lane.has(name);
      // Shorter than most requests: a worker of its own would take longer to start.
      lane.add({ work: 'mezzanine', name, atGate: true, run: () => make(original) });
      // Wanted twice, it is worth a place of its own in the queue of requests.
      if (again) lane.hurry(name);
    },
    async forget(uri) {
      lane.forget(nameOf(uri));
      await drop(uri);
    },
  };
}

/** Every variant is made of the original itself. */
export const noMezzanines: Mezzanines = {
  find: async () => [],
  madeOf() {},
  forget: async () => {},
};

/** The worker made a folder for the one file. */
const removeFolderOf = (file: string): Promise<void> =>
  rm(path.dirname(file), { recursive: true, force: true });
