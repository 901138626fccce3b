import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { asPictorError, PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import { createEngine } from '../engine/engine.ts';
import type { StorageGrammar, UploadTask } from '../request/storage.ts';
import { type BatchResult, createBatch, type ProcessPicture } from '../service/batch.ts';
import { type BatchFile, findBatchFiles } from '../service/batch-files.ts';
import { dialectOf } from './dialects.ts';
import { mountLimitsOf } from './mount-limits.ts';
import type { AppConfig } from './settings.ts';
import { openStorages, type Storages } from './storages.ts';

/** A run over the pictures of a folder. */
export interface BatchOptions {
  /** Its first mount says where pictures are kept and what names mean; its signatures do not count here. */
  readonly config: Pick<AppConfig, 'mounts' | 'engine' | 'limits' | 'admission'>;
  /** A file or a folder. */
  readonly path: string;
  /** Names of the variants. */
  readonly outputs: readonly string[];
  /** Empty: that of each picture's place in a store. */
  readonly namespace: string;
  /** Aborted: pictures that are being worked on are finished, no others begun. */
  readonly stop: AbortSignal;
  readonly emit: EmitEvent;
  /** Told of each picture, in the order in which they end, and of folders that cannot be read. */
  readonly done: (file: string, outcome: BatchOutcome) => void;
}

/** What became of one picture. */
export type BatchOutcome = { readonly result: BatchResult } | { readonly error: PictorError };

/**
 * Workers that make one picture after the other, and then end, keep what they freed and get it in large pages, where the
 * system has some: one to four per cent less processor time than with what a server's workers have (docs/adr/0025-malloc.md).
 */
const allocator = {
  MALLOC_MMAP_THRESHOLD_: String(32 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(64 * 1024 * 1024),
  MALLOC_TOP_PAD_: String(16 * 1024 * 1024),
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
} as const;

/** Two pictures per worker: while one is decoded, another is read, hashed or put into its bucket. */
const lanesPerWorker = 2;

/**
 * Makes variants of all pictures at a path and keeps them. A picture that fails is told and left out; a store that fails
 * ends the run.
 * @returns objects that a bucket elsewhere has not taken yet: they are on disk and go with the next run
 * @throws PictorError OPTION_INVALID for names, SOURCE_* for the path, STORAGE_* for the store
 */
export async function runBatch(options: BatchOptions): Promise<number> {
  const { config, emit } = options;
  const [mount] = config.mounts;
  const storages = await openStorages(config.mounts.slice(0, 1), emit);
  const [storage] = storages.ofMounts;
  if (mount === undefined || storage === null || storage === undefined) {
    throw new PictorError('OPTION_INVALID', { detail: 'no mount keeps pictures' });
  }
  // Another worker than there are processors would only wait.
  const asked = config.admission.processConcurrency || config.engine.workers || availableParallelism();
  const workers = Math.min(asked, availableParallelism());
  const engine = createEngine({ ...config.engine, workers, environment: allocator }, emit);
  try {
    const grammar = grammarOf(mount);
    const tasks = createTasks({ grammar, settings: mount.settings, outputs: options.outputs });
    const bucket = storage.buckets.bucket(tasks('check').bucket);
    const process = createBatch({
      engine,
      limits: { ...config.limits, ...mountLimitsOf(mount.limits) },
      bucket,
      family: grammar.family,
    });
    await runLanes(options, { process, tasks, lanes: workers * lanesPerWorker });
    return await handedOver(storages, options.stop);
  } finally {
    await engine.close();
    await storages.close();
  }
}

/** How long a bucket elsewhere may take nothing of what it is owed. Milliseconds. */
const patience = 30_000;

/** Waits while the bucket elsewhere takes what it is owed, and gives the number of objects it has not taken. */
async function handedOver(storages: Storages, stop: AbortSignal): Promise<number> {
  let owed = storages.owed()?.owed ?? 0;
  let movedAt = performance.now();
  while (owed > 0 && !stop.aborted && performance.now() - movedAt < patience) {
    await sleep(100);
    const now = storages.owed()?.owed ?? 0;
    if (now < owed) movedAt = performance.now();
    owed = now;
  }
  return owed;
}

/** How many pictures there are at a path, and folders that cannot be read: each is told of. @throws PictorError SOURCE_* */
export function countPictures(path: string): number {
  let count = 0;
  const leaveOut = () => {
    count += 1;
  };
  for (const _ of findBatchFiles(path, leaveOut)) count += 1;
  return count;
}

function grammarOf({ dialect }: BatchOptions['config']['mounts'][number]): StorageGrammar<unknown> {
  const { storage } = dialectOf(dialect);
  if (storage !== undefined) return storage;
  throw new PictorError('OPTION_INVALID', { detail: `${dialect} keeps no pictures` });
}

interface Wording {
  readonly grammar: StorageGrammar<unknown>;
  readonly settings: unknown;
  readonly outputs: readonly string[];
}

type Tasks = (namespace: string) => UploadTask;

/** What an upload into a namespace would do; the command line needs no signature. @throws PictorError OPTION_INVALID … */
function createTasks({ grammar, settings, outputs }: Wording): Tasks {
  const known = new Map<string, UploadTask>();
  const query = `outputs=${encodeURIComponent(outputs.join(','))}`;
  const unsigned = { ...(settings as object), signatures: { uploads: false, reads: false } };
  return (namespace) => {
    const found = known.get(namespace);
    if (found !== undefined) return found;
    const path = `/${namespace}`;
    const target = { raw: `${path}?${query}`, path, query };
    const origin = { scheme: 'http', host: 'localhost' } as const;
    const task = grammar.task({ method: 'POST', target, headers: {}, origin, now: Date.now() }, unsigned);
    if (task.task === 'refuse') throw task.error;
    if (task.task !== 'upload') throw noNamespace(`no namespace: ${JSON.stringify(namespace)}`);
    known.set(namespace, task);
    return task;
  };
}

const noNamespace = (detail: string): PictorError => new PictorError('OPTION_INVALID', { detail });

interface Lanes {
  readonly process: ProcessPicture;
  readonly tasks: Tasks;
  readonly lanes: number;
}

async function runLanes(options: BatchOptions, { process, tasks, lanes }: Lanes): Promise<void> {
  const { stop, done } = options;
  const files = findBatchFiles(options.path, (folder, error) => done(folder, { error }));
  const failures: PictorError[] = [];

  async function one(file: BatchFile): Promise<void> {
    try {
      const namespace = options.namespace || file.place?.namespace;
      if (namespace === undefined) throw noNamespace('it lies in no store: --namespace is needed');
      const { path, place, beside } = file;
      const picture = { path, beside, hash: place?.hash ?? null, task: tasks(namespace) };
      done(path, { result: await process(picture, nobody) });
    } catch (thrown) {
      const error = asPictorError(thrown);
      if (error.code.startsWith('STORAGE_')) throw error;
      done(file.path, { error });
    }
  }

  async function lane(): Promise<void> {
    while (!stop.aborted && failures.length === 0) {
      try {
        const { value, done: ended } = files.next();
        if (ended === true) return;
        await one(value);
      } catch (thrown) {
        failures.push(asPictorError(thrown));
      }
    }
  }

  await Promise.all(Array.from({ length: lanes }, lane));
  const [failed] = failures;
  if (failed !== undefined) throw failed;
}

/** What was begun is finished. */
const nobody = new AbortController().signal;
