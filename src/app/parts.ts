import { availableParallelism } from 'node:os';
import type { EmitEvent } from '../core/events.ts';
import type { Source } from '../core/ports.ts';
import { unwritableFormats } from '../engine/availability.ts';
import { formats } from '../formats/index.gen.ts';
import type { Webhooks } from '../hooks/webhooks.ts';
import { type Admin, createAdmin } from '../http/admin.ts';
import { createOriginOf } from '../http/call.ts';
import { createClientAddress, parseTrustedProxies } from '../http/client-address.ts';
import { createHandler } from '../http/handler.ts';
import { createListeners, type Listeners } from '../http/listeners.ts';
import type { Management } from '../http/management/listener.ts';
import type { HttpHandler } from '../http/messages.ts';
import type { Readiness } from '../http/probes.ts';
import { createStaticFiles, type StaticFiles } from '../http/static-files.ts';
import { createGate } from '../lib/gate.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Engine } from '../plan/engine-port.ts';
import { createHostGates } from '../service/host-gates.ts';
import { createIdleLane, type IdleLane } from '../service/idle-lane.ts';
import { createMemoryBudget } from '../service/memory-budget.ts';
import { createMezzanines, type Mezzanines } from '../service/mezzanines.ts';
import { createOriginals } from '../service/originals.ts';
import type { Purging } from '../service/purge.ts';
import type { PurgeMarks } from '../service/purge-marks.ts';
import { createImageService, type ImageService } from '../service/serve-image.ts';
import { createSourceStreams, type SourceStreams } from '../service/stream-source.ts';
import { createRequestCheck, type Verify } from '../service/verify-request.ts';
import { createAssetSource } from '../sources/asset-source.ts';
import { createSources } from '../sources/by-scheme.ts';
import { createFileSource } from '../sources/file-source.ts';
import { withSampleHost } from '../sources/sample-host.ts';
import { type Assets, readAssets } from './assets.ts';
import { fromThisMachine } from './demonstration.ts';
import { createLazyEngine, type LazyEngine } from './lazy-engine.ts';
import { createLazySource, type LazySource } from './lazy-source.ts';
import { openManagementFor } from './management.ts';
import { openMount, wantedFormats } from './mounts.ts';
import { openObjectSources } from './object-sources.ts';
import { createObservers, type Observers } from './observers.ts';
import { packageFile, packageVersion } from './package-files.ts';
import { createPurgingFor, openPurges } from './purging.ts';
import type { AppConfig } from './settings.ts';
import { openStorageMounts, type StorageMounts } from './storage-mounts.ts';
import { openStorages, type Storages } from './storages.ts';
import { openStores, type Stores } from './stores.ts';
import { componentVersions } from './versions.ts';
import { openWebhooks } from './webhooks.ts';

/** Everything a server is made of. */
export interface Parts {
  readonly observers: Observers;
  readonly stores: Stores;
  readonly sources: Source;
  readonly engine: LazyEngine;
  readonly service: ImageService;
  /** What is done when nobody waits. */
  readonly lane: IdleLane;
  /** Null: no mount has one. */
  readonly webhooks: Webhooks | null;
  readonly storages: Storages;
  /** Null: no mount keeps pictures. */
  readonly kept: StorageMounts | null;
  readonly handler: HttpHandler;
  readonly http: Listeners;
  readonly admin: Admin;
  readonly purging: Purging;
  /** Null: nobody may. */
  readonly management: Management | null;
  /** Begins with what can wait, and loads what was left out of the start, so that nobody waits for it later. */
  warmUp(): void;
}

export interface Assembly {
  readonly config: AppConfig;
  /** Landing page and bundled samples, see `StartOptions`. */
  readonly demonstration: boolean;
  readonly readiness: () => Readiness;
  /** Of the embedding program: asked of every request, besides what its mount demands. Absent: nobody is asked. */
  readonly verify?: Verify | undefined;
}

/** Waiting transforms per place at the gate, when the setting leaves it to us. */
const queuePerPlace = 25;

const landingPage = (): StaticFiles =>
  createStaticFiles({
    folder: packageFile('playground'),
    files: {
      '/': 'index.html',
      '/playground/app.js': 'app.js',
      '/playground/image-url.js': 'image-url.js',
      '/playground/languages.js': 'languages.js',
      '/playground/style.css': 'style.css',
      '/playground/logo.svg': 'logo.svg',
    },
  });

function createHttp(settings: AppConfig['sources']['http'], version: string): LazySource {
  return createLazySource(['http', 'https'], async () => {
    const { createHttpSource } = await import('../sources/http-source.ts');
    return createHttpSource(settings, { version });
  });
}

/** The AWS SDK behind it takes longer still. */
function createS3({ s3, versionSeparator }: AppConfig['sources']): LazySource {
  return createLazySource(['s3'], async () => {
    const { createS3Source } = await import('../sources/s3-source.ts');
    return createS3Source(s3, { versionSeparator });
  });
}

/** What fails here fails again, and is told, with the first object. */
function warmUpS3({ sources, cache }: AppConfig): void {
  if (!sources.s3.enabled && cache.s3.bucket === '') return;
  import('../cloud/s3-session.ts').then(({ loadS3Sdk }) => loadS3Sdk()).catch(() => {});
}

interface NearSources {
  readonly assets: Assets;
  readonly storages: Storages;
}

function openSources(http: Source, { config, demonstration }: Assembly, { assets, storages }: NearSources) {
  const root = config.sources.file.root || (demonstration ? packageFile('samples') : '');
  return createSources([
    demonstration ? withSampleHost(http, createFileSource({ root: packageFile('samples') })) : http,
    ...(root === '' ? [] : [createFileSource({ root })]),
    ...(config.sources.s3.enabled ? [createS3(config.sources)] : []),
    ...openObjectSources(config.sources),
    createAssetSource(assets.bytes),
    ...(storages.source === null ? [] : [storages.source]),
  ]);
}

function createGates({ admission, engine, sources }: AppConfig) {
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
  };
}

/** Whoever waits for a host waits for a fetch. */
function statesOf({ hosts, fetch, process }: ReturnType<typeof createGates>) {
  const { active, waiting } = fetch.state();
  return { fetch: { active, waiting: waiting + hosts.waiting() }, process: process.state() };
}

const extensions = new Map<string, string>(
  Object.values(formats).flatMap(({ mediaTypes, extensions: [first = ''] }) =>
    mediaTypes.map((type) => [type, first] as const),
  ),
);

interface Wired {
  readonly stores: Stores;
  readonly sources: ReturnType<typeof openSources>;
  readonly gates: ReturnType<typeof createGates>;
  readonly engine: Engine;
  readonly purges: PurgeMarks;
  readonly emit: EmitEvent;
}

/** The use cases. */
interface Services {
  readonly service: ImageService;
  readonly mezzanines: Mezzanines;
  readonly lane: IdleLane;
  readonly streams: SourceStreams;
}

function createServices({ limits, admission, freshness, encoding }: AppConfig, wired: Wired): Services {
  const { stores, sources, gates, engine, purges, emit } = wired;
  const { retryAfterSeconds, maxWaitSeconds } = admission;
  const fetching = {
    source: sources,
    hosts: gates.hosts,
    gate: gates.fetch,
    maxBytes: limits.maxSourceBytes || Number.MAX_SAFE_INTEGER,
    retryAfterSeconds,
    emit,
    now: Date.now,
  };
  const originals = createOriginals({
    ...fetching,
    store: stores.originals,
    memory: createMemoryBudget(admission.memoryForOriginals),
    freshness,
    purges,
  });
  const { variants } = stores;
  const lane = createIdleLane({ gate: gates.process, emit });
  const mezzanines = createMezzanines({ store: stores.mezzanines, engine, lane, limits, purges });
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
    lane,
    encoding,
    emit,
    now: Date.now,
  });
  return { service, mezzanines, lane, streams: createSourceStreams(fetching) };
}

/** Formats that mounts may give by themselves, but not here: one line each, so that nobody wonders. */
function tellWhatIsMissing(
  { mounts }: AppConfig,
  unwritable: ReadonlyMap<string, string>,
  emit: EmitEvent,
): void {
  const wanted = new Set(mounts.flatMap(wantedFormats));
  for (const [name, reason] of unwritable) {
    if (!wanted.has(name)) continue;
    emit({ type: 'notice', level: 'warn', message: `${name} is left out of automatic formats: ${reason}` });
  }
}

const pageOf = async (metrics: Metrics | undefined) =>
  (await metrics?.render()) ?? { contentType: 'text/plain', text: '' };

/** Our metrics, and those that dashboards of an older server look for. */
async function operatorsPage({ metrics, imageServerMetrics }: Observers) {
  const ours = await pageOf(await metrics?.load());
  const older = await pageOf(await imageServerMetrics?.load());
  return { contentType: ours.contentType, text: ours.text + older.text };
}

/** Objects read into memory may wait for a place as long as transforms; a connection each at most. */
const waitingObjects = 10_000;

/** What mounts that keep pictures need of the rest. */
function storageWorkParts({ limits, admission }: AppConfig, wired: Wired, { service }: Services) {
  const { stores, sources, gates, engine, purges, emit } = wired;
  const memory = stores.tiers.find(({ peek }) => peek !== undefined) ?? stores.variants;
  return {
    ...admission,
    serve: service.serve,
    source: sources,
    hosts: gates.hosts,
    gate: gates.fetch,
    objectGate: createGate({ width: admission.fetchConcurrency, queue: waitingObjects }),
    processGate: gates.process,
    variants: stores.variants,
    memory,
    engine,
    limits,
    purges,
    emit,
    now: Date.now,
  };
}

interface Behind extends Services {
  readonly kept: StorageMounts | null;
  readonly assets: Assets;
  readonly observers: Observers;
  readonly emit: EmitEvent;
}

function createEdge(
  { config, demonstration, readiness, verify }: Assembly,
  { service, streams, kept, assets, observers, emit }: Behind,
) {
  const page = demonstration ? landingPage() : null;
  const whoMay = verify ?? (demonstration ? fromThisMachine : undefined);
  const unwritable = unwritableFormats(config.engine);
  tellWhatIsMissing(config, unwritable, emit);
  const trusted = parseTrustedProxies(config.server.trustProxy);
  if (trusted === null) throw new Error('server.trustProxy was not checked');
  const clientOf = createClientAddress(trusted);
  const handler = createHandler({
    mounts: config.mounts.map((mount, index) =>
      openMount(mount, unwritable, { assets: assets.ofMounts[index], kept: kept?.ofMounts[index] }),
    ),
    service,
    streams,
    elsewhere: (request) => page?.reply(request) ?? null,
    metricsPage: async () => pageOf(await observers.imageproxyMetrics?.load()),
    extensionOf: (mediaType) => extensions.get(mediaType) ?? '',
    clientOf,
    check: whoMay === undefined ? null : createRequestCheck(whoMay, emit),
    storage:
      kept === null
        ? null
        : {
            work: kept.work,
            originOf: createOriginOf(trusted),
            bodySeconds: config.server.requestTimeoutSeconds,
            readiness,
          },
    emit,
  });
  const counted = observers.imageproxyMetrics === null ? handler : observers.inFlight.counting(handler);
  const http = createListeners({ settings: config.server, handler: counted, clientOf, emit });
  return { handler: counted, http };
}

/**
 * Puts the parts together: the only place that knows them all. Stores are opened; nothing listens, and no worker runs.
 * @throws PictorError STORE_FAILED
 * @throws ConfigError for a picture of the operator's own that cannot be read
 */
export async function assembleParts(assembly: Assembly): Promise<Parts> {
  const { config, readiness } = assembly;
  const version = packageVersion();
  const observers = createObservers({
    config,
    version,
    gauges: () => ({
      connections: http.connections,
      gates: () => statesOf(gates),
      engine: engine.stats,
      idle: lane.waiting,
      owed: storages.owed,
      ...(webhooks === null ? {} : { webhooks: webhooks.waiting }),
      stores: () =>
        Object.fromEntries(
          stores.tiers.flatMap(({ name, usage }) => (usage === undefined ? [] : [[name, usage()]])),
        ),
    }),
  });
  const webhooks = await openWebhooks(config, observers.emit);
  const emit: EmitEvent = (event) => {
    observers.emit(event);
    webhooks?.listen(event);
  };

  const assets = await readAssets({ config, version });
  const stores = await openStores(config.cache, emit);
  const purges = await openPurges(config.cache);
  const web = createHttp(config.sources.http, version);
  if (assembly.demonstration) await (await import('./demonstration-data.ts')).seedDemonstration(emit);
  const storages = await openStorages(config.mounts, emit);
  const sources = openSources(web, assembly, { assets, storages });
  const gates = createGates(config);
  const engine = createLazyEngine(async () => {
    const { createEngine } = await import('../engine/engine.ts');
    return createEngine(config.engine, emit);
  });
  const wired: Wired = { stores, sources, gates, engine, purges, emit };
  const services = createServices(config, wired);
  const { service, mezzanines, lane } = services;
  const work = storageWorkParts(config, wired, services);
  const kept = await openStorageMounts({ config, storages, emit, work });
  const { handler, http } = createEdge(assembly, { ...services, kept, assets, observers, emit });
  const purging = createPurgingFor({ cache: config.cache, purges, stores, mezzanines, emit });
  const management = await openManagementFor({ config, kept, mezzanines, purging, emit });
  const admin = createAdmin({
    settings: config.admin,
    metrics: () => operatorsPage(observers),
    readiness,
    version: () => componentVersions(config.engine),
  });

  return {
    observers,
    stores,
    sources,
    engine,
    service,
    lane,
    webhooks,
    storages,
    kept,
    handler,
    http,
    admin,
    purging,
    management,
    warmUp() {
      webhooks?.start();
      web.warmUp();
      warmUpS3(config);
      observers.warmUp();
    },
  };
}
