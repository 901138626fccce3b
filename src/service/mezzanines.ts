import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { LRUCache } from 'lru-cache';
import { asPictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { ImageInfo, ImageLimits } from '../core/image-info.ts';
import type { BlobStore } from '../core/ports.ts';
import type { Gate } from '../lib/gate.ts';
import type { Engine, Mezzanine } from '../plan/engine-port.ts';
import { mezzanineSizes, needsOriginal } from '../plan/mezzanine.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { HeldOriginal } from './held-original.ts';
import type { PurgeMarks, SourceTime } from './purge-marks.ts';

export interface MezzanineParts {
  /** Null: none are made. */
  readonly store: BlobStore | null;
  readonly engine: Engine;
  /** Processing gate: mezzanines are made while nobody waits there. */
  readonly gate: Gate;
  readonly limits: ImageLimits;
  readonly purges: Pick<PurgeMarks, 'isGone'>;
  readonly emit: EmitEvent;
}

/** Smaller copies of large originals, which spare further variants the decoding. */
export interface Mezzanines {
  /** Those of an original of which this picture is to be made, the largest first. Never rejects. */
  find(original: HeldOriginal, image: ImageRequest): Promise<readonly Mezzanine[]>;
  /** A picture was made of the original itself, so there may be more to come. */
  madeOf(original: HeldOriginal, info: ImageInfo): void;
  /** Drops those of an original. */
  forget(uri: string): Promise<void>;
  /** Begins no more, and waits for what is under way. */
  close(): Promise<void>;
}

interface MezzanineRecord extends SourceTime {
  /** Of the original. */
  readonly version: string;
  readonly width: number;
  readonly height: number;
}

/** By URI, so that those of a new version take the place of the old ones. */
const keyOf = (uri: string, level: number): string =>
  createHash('sha256').update(`${level}\n${uri}`).digest('hex');

/** As many as there ever are. */
const levels = [0, 1];

/** An original, and how many pictures of it were made while it waited. */
interface Wish {
  readonly original: HeldOriginal;
  readonly times: number;
}

/** Originals of which none can be made, or that have none: the disk is not asked again for each variant. */
const rememberedUris = 10_000;

/** So often wanted, it is worth a place of its own in the queue of requests. */
const urgentTimes = 2;

/** Originals that wait for theirs; more are let go: they come again with their next variant. */
const longestQueue = 64;

const retryMilliseconds = 50;

export function createMezzanines(parts: MezzanineParts): Mezzanines {
  const { store, engine, gate, purges, emit } = parts;
  if (store === null) return noMezzanines;
  const waiting = new Map<string, Wish>();
  const absent = new LRUCache<string, true>({ max: rememberedUris });
  const failed = new LRUCache<string, true>({ max: rememberedUris });
  let working: Promise<void> | null = null;
  let closed = false;
  const nobody = new AbortController();

  /** What is kept for a URI, of whichever version. */
  async function kept(uri: string) {
    const blobs = await Promise.all(levels.map((level) => store!.get(keyOf(uri, level)).catch(() => null)));
    return blobs.flatMap((blob) => {
      const meta = blob?.meta as MezzanineRecord | undefined;
      if (blob?.path === undefined || meta?.uri !== uri || purges.isGone([meta])) return [];
      return [{ ...meta, path: blob.path }];
    });
  }

  async function make(original: HeldOriginal): Promise<void> {
    const { uri, version, input } = original;
    if ((await kept(uri)).some((each) => each.version === version)) return;
    const leave = await gate.enter(nobody.signal).catch(() => null);
    if (leave === null) return;
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
      const { code, detail = '' } = asPictorError(thrown);
      emit({
        type: 'notice',
        level: 'info',
        message: 'no mezzanine could be made',
        facts: { uri, code, detail },
      });
    } finally {
      leave();
    }
  }

  async function keep(original: HeldOriginal, made: readonly Mezzanine[]): Promise<void> {
    const { uri, version, asked } = original;
    for (const [level, { width, height, path: file }] of made.entries())
      await store!.put(keyOf(uri, level), createReadStream(file), { uri, asked, version, width, height });
    if (purges.isGone([original])) await drop(uri);
  }

  async function drop(uri: string): Promise<void> {
    for (const level of levels) await store!.delete(keyOf(uri, level));
  }

  /** One after the other, while a place is free; what is wanted again and again stands in line like a request. */
  async function work(): Promise<void> {
    while (!closed && waiting.size > 0) {
      const wishes = [...waiting.values()];
      const next = hasRoom(gate) ? wishes[0] : wishes.find(({ times }) => times >= urgentTimes);
      if (next === undefined) {
        await pause();
        continue;
      }
      waiting.delete(next.original.uri);
      await make(next.original);
    }
  }

  return {
    async find({ uri, version }, { output }) {
      if (needsOriginal(output) || absent.has(uri)) return [];
      const found = await kept(uri);
      if (found.length === 0) absent.set(uri, true);
      return found
        .filter((each) => each.version === version)
        .map(({ path: file, width, height }) => ({ path: file, width, height }));
    },
    madeOf(original, info) {
      const { uri, version, freshness, memory } = original;
      if (closed || !freshness.storable || memory !== undefined) return;
      if (mezzanineSizes(info).length === 0 || failed.has(`${uri}\n${version}`)) return;
      const times = (waiting.get(uri)?.times ?? 0) + 1;
      if (times === 1 && waiting.size >= longestQueue) return;
      waiting.set(uri, { original, times });
      working ??= work().finally(() => {
        working = null;
      });
    },
    async forget(uri) {
      waiting.delete(uri);
      await drop(uri);
    },
    async close() {
      closed = true;
      nobody.abort();
      waiting.clear();
      await working;
    },
  };
}

/** Every variant is made of the original itself. */
export const noMezzanines: Mezzanines = {
  find: async () => [],
  madeOf() {},
  forget: async () => {},
  close: async () => {},
};

const hasRoom = (gate: Gate): boolean => {
  const { active, waiting } = gate.state();
  return active < gate.width && waiting === 0;
};

const pause = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, retryMilliseconds).unref();
  });

/** The worker made a folder for the one file. */
const removeFolderOf = (file: string): Promise<void> =>
  rm(path.dirname(file), { recursive: true, force: true });
