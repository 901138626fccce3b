import { availableParallelism } from 'node:os';
import type { EmitEvent } from '../core/events.ts';
import { createGate } from '../lib/gate.ts';
import type { Engine } from '../plan/engine-port.ts';
import { createHostGates } from '../service/host-gates.ts';
import type { IdleLane } from '../service/idle-lane.ts';
import type { MemoryBudget } from '../service/memory-budget.ts';
import { createMezzanines, type Mezzanines } from '../service/mezzanines.ts';
import { createOriginals } from '../service/originals.ts';
import type { PurgeMarks } from '../service/purge-marks.ts';
import type { RunOnce } from '../service/run-once.ts';
import { createImageService, type ImageService } from '../service/serve-image.ts';
import type { createSources } from '../sources/by-scheme.ts';
import type { OpenCache } from './caches.ts';
import type { Peers } from './processes/peers.ts';
import type { AppConfig } from './settings.ts';

/** Waiting transforms per place at the gate, when the setting leaves it to us. */
const queuePerPlace = 25;

/** Objects read into memory may wait for a place as long as transforms; a connection each at most. */
const waitingObjects = 10_000;

/** The places that work takes: of the whole server. */
export function createGates({ admission, engine, sources }: AppConfig) {
  const workers = engine.workers || availableParallelism();
  const width = admission.processConcurrency || workers;
  return {
    hosts: createHostGates({
      // A bucket is no single machine that could be asked too much.
      width: (scheme) => (scheme === 's3:' ? sources.s3.maxConnections : sources.http.maxConnectionsPerHost),
      queue: admission.fetchQueue,
    }),
    fetch: createGate({ width: admission.fetchConcurrency, queue: admission.fetchQueue }),
    process: createGate({ width, queue: admission.processQueue || width * queuePerPlace }),
    objects: createGate({ width: admission.fetchConcurrency, queue: waitingObjects }),
  };
}

/** Whoever waits for a host waits for a fetch. */
export function statesOf({ hosts, fetch, process }: ReturnType<typeof createGates>) {
  const { active, waiting } = fetch.state();
  return { fetch: { active, waiting: waiting + hosts.waiting() }, process: process.state() };
}

/** What all caches have in common. */
export interface Wired {
  readonly peers: Peers;
  readonly sources: ReturnType<typeof createSources>;
  readonly gates: ReturnType<typeof createGates>;
  readonly engine: Engine;
  readonly lane: IdleLane;
  /** For originals that no store keeps. */
  readonly memory: MemoryBudget;
  readonly purges: PurgeMarks;
  readonly emit: EmitEvent;
}

/** The use cases, on one cache. */
export interface Services {
  readonly service: ImageService;
  readonly mezzanines: Mezzanines;
}

/** What all that is fetched has in common. */
export const fetchingParts = ({ limits, admission }: AppConfig, { sources, gates, emit }: Wired) => ({
  source: sources,
  hosts: gates.hosts,
  gate: gates.fetch,
  maxBytes: limits.maxSourceBytes || Number.MAX_SAFE_INTEGER,
  retryAfterSeconds: admission.retryAfterSeconds,
  emit,
  now: Date.now,
});

/** What works on one cache. */
export function createServices(config: AppConfig, wired: Wired, { stores, mount }: OpenCache): Services {
  const { limits, admission, freshness, encoding } = config;
  const { peers, gates, engine, purges, memory, emit } = wired;
  // What lies in one cache is never found in another.
  const runOnce: RunOnce = (run) => peers.runOnce({ ...run, name: `${mount ?? ''}\n${run.name}` });
  const { retryAfterSeconds, maxWaitSeconds } = admission;
  const fetching = fetchingParts(config, wired);
  const originals = createOriginals({
    ...fetching,
    store: stores.originals,
    memory,
    freshness,
    purges,
    runOnce,
  });
  const { variants } = stores;
  const lane = laneOf(wired.lane, mount);
  const mezzanines = createMezzanines({
    store: stores.mezzanines,
    engine,
    lane,
    gate: gates.process,
    limits,
    purges,
    runOnce,
  });
  const service = createImageService({
    variants,
    originals,
    engine,
    mezzanines,
    gate: gates.process,
    limits,
    maxWaitSeconds,
    retryAfterSeconds,
    purges,
    runOnce,
    isShared: peers.count > 1,
    lane,
    encoding,
    emit,
    now: Date.now,
  });
  return { service, mezzanines };
}

/** What is to be done for one cache takes no place of what is for another. */
function laneOf(lane: IdleLane, mount: string | null): IdleLane {
  if (mount === null) return lane;
  const named = (name: string) => `${mount} ${name}`;
  return {
    ...lane,
    add: (piece) => lane.add({ ...piece, name: named(piece.name) }),
    forget: (name) => lane.forget(named(name)),
  };
}

/** What mounts that keep pictures need of the rest. */
export function storageWorkParts(
  { limits, admission }: AppConfig,
  wired: Wired,
  { service, stores, settings }: OpenCache & Services,
) {
  const { peers, sources, gates, engine, purges, emit } = wired;
  const memory = stores.tiers.find(({ peek }) => peek !== undefined) ?? stores.variants;
  return {
    ...admission,
    dir: settings.dir,
    serve: service.serve,
    source: sources,
    hosts: gates.hosts,
    gate: gates.fetch,
    objectGate: gates.objects,
    processGate: gates.process,
    variants: stores.variants,
    memory,
    engine,
    limits,
    purges,
    changed: peers.objectChanged,
    emit,
    now: Date.now,
  };
}

/** Drops mezzanines from every cache. */
export const mezzaninesOfAll = (caches: readonly Services[]): Pick<Mezzanines, 'forget'> => ({
  async forget(uri) {
    await Promise.all(caches.map(({ mezzanines }) => mezzanines.forget(uri)));
  },
});
