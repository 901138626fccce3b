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
import type { Metrics } from '../observe/metrics.ts';
import { createIdleLane, type IdleLane } from '../service/idle-lane.ts';
import { createMemoryBudget } from '../service/memory-budget.ts';
import type { Purging } from '../service/purge.ts';
import type { ImageService } from '../service/serve-image.ts';
import { createSourceStreams, type SourceStreams } from '../service/stream-source.ts';
import { createRequestCheck, type Verify } from '../service/verify-request.ts';
import { createAssetSource } from '../sources/asset-source.ts';
import { createSources } from '../sources/by-scheme.ts';
import { createFileSource } from '../sources/file-source.ts';
import { withSampleHost } from '../sources/sample-host.ts';
import { type Assets, readAssets } from './assets.ts';
import { cachesOf, type OpenCache, openCaches } from './caches.ts';
import { fromThisMachine } from './demonstration.ts';
import { createLazyEngine, type LazyEngine } from './lazy-engine.ts';
import { createLazySource, type LazySource } from './lazy-source.ts';
import { openManagementFor } from './management.ts';
import { openMount, wantedFormats } from './mounts.ts';
import { openObjectSources } from './object-sources.ts';
import { createObservers, type Observers } from './observers.ts';
import { packageFile, packageVersion } from './package-files.ts';
import { attachedParts } from './processes/attached.ts';
import type { Peers } from './processes/peers.ts';
import { createPurgingFor } from './purging.ts';
import {
  createGates,
  createServices,
  fetchingParts,
  mezzaninesOfAll,
  type Services,
  statesOf,
  storageWorkParts,
  type Wired,
} from './services.ts';
import type { AppConfig } from './settings.ts';
import { openStorageMounts, type StorageMounts } from './storage-mounts.ts';
import { openStorages, type Storages } from './storages.ts';
import { componentVersions } from './versions.ts';
import { openWebhooks } from './webhooks.ts';

/** Everything a server is made of. */
export interface Parts {
  readonly observers: Observers;
  readonly sources: Source;
  readonly engine: LazyEngine;
  /** Those of the server and of mounts that have their own, with what works on them. */
  readonly caches: readonly (OpenCache & Services)[];
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
  readonly peers: Peers;
}

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
function warmUpS3({ sources, cache, mounts }: AppConfig): void {
  const isCached = cachesOf({ cache, mounts }).all.some(({ settings }) => settings.s3.bucket !== '');
  if (!sources.s3.enabled && !isCached) return;
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

const extensions = new Map<string, string>(
  Object.values(formats).flatMap(({ mediaTypes, extensions: [first = ''] }) =>
    mediaTypes.map((type) => [type, first] as const),
  ),
);

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

interface Behind {
  /** Of each mount, in their order. */
  readonly services: readonly ImageService[];
  readonly streams: SourceStreams;
  readonly kept: StorageMounts | null;
  readonly assets: Assets;
  readonly observers: Observers;
  readonly emit: EmitEvent;
}

function createEdge(
  { config, demonstration, readiness, verify, peers }: Assembly,
  { services, streams, kept, assets, observers, emit }: Behind,
) {
  const page = demonstration ? landingPage() : null;
  const whoMay = verify ?? (demonstration ? fromThisMachine : undefined);
  const unwritable = unwritableFormats(config.engine);
  tellWhatIsMissing(config, unwritable, emit);
  const trusted = parseTrustedProxies(config.server.trustProxy);
  if (trusted === null) throw new Error('server.trustProxy was not checked');
  const clientOf = createClientAddress(trusted);
  const handler = createHandler({
    mounts: config.mounts.map((mount, index) => ({
      ...openMount(mount, unwritable, {
        assets: assets.ofMounts[index],
        kept: kept?.ofMounts[index],
        named: (mount.cache ?? config.cache).layout === 'imageproxy',
      }),
      service: services[index]!,
    })),
    streams,
    elsewhere: (request) => page?.reply(request) ?? null,
    metricsPage: async () => peers.page?.('imageproxy') ?? pageOf(await observers.imageproxyMetrics?.load()),
    extensionOf: (mediaType) => extensions.get(mediaType) ?? '',
    clientOf,
    check: whoMay === undefined ? null : createRequestCheck(whoMay, emit),
    storage:
      kept === null
        ? null
        : {
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

/** Gauges of the stores of a cache. What several processes share is told by one of them. */
const storesShown = ({ stores, mount }: OpenCache, { isFirst }: Peers) =>
  stores.tiers.flatMap(({ name: store, usage, peek }) =>
    usage === undefined || (!isFirst && peek === undefined)
      ? []
      : [{ store, ...(mount === null ? {} : { mount }), ...usage() }],
  );

/**
 * Puts the parts together: the only place that knows them all. Stores are opened; nothing listens, and no worker runs.
 * @throws PictorError STORE_FAILED
 * @throws ConfigError for a picture of the operator's own that cannot be read
 */
export async function assembleParts(assembly: Assembly): Promise<Parts> {
  const { config, readiness, peers } = assembly;
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
      ...(webhooks === null || !(peers.isFirst || config.webhooks.dir === '')
        ? {}
        : { webhooks: webhooks.waiting }),
      stores: () => opened.all.flatMap((cache) => storesShown(cache, peers)),
    }),
  });
  const webhooks = await openWebhooks(config, observers.emit);
  const emit: EmitEvent = (event) => {
    observers.emit(event);
    webhooks?.listen(event);
  };

  const assets = await readAssets({ config, version });
  const opened = await openCaches(config, emit, { sharers: peers.count });
  const purges = await peers.openPurges(opened.all.map(({ settings }) => settings));
  const web = createHttp(config.sources.http, version);
  if (assembly.demonstration && peers.isFirst)
    await (await import('./demonstration-data.ts')).seedDemonstration(emit);
  const storages = await openStorages(config.mounts, emit, peers);
  const sources = openSources(web, assembly, { assets, storages });
  const gates = createGates(config);
  const engine = createLazyEngine(async () => {
    const { createEngine } = await import('../engine/engine.ts');
    return createEngine(config.engine, emit);
  });
  const lane = createIdleLane({ gate: gates.process, emit });
  const memory = createMemoryBudget(config.admission.memoryForOriginals);
  const wired: Wired = { peers, sources, gates, engine, lane, memory, purges, emit };
  const caches = opened.all.map((cache) => ({ ...cache, ...createServices(config, wired, cache) }));
  const works = caches.map((cache) => storageWorkParts(config, wired, cache));
  const kept = await openStorageMounts({ config, storages, emit, caches: opened.ofMounts, works });
  const services = opened.ofMounts.map((index) => caches[index]!.service);
  const streams = createSourceStreams(fetchingParts(config, wired));
  const { handler, http } = createEdge(assembly, { services, streams, kept, assets, observers, emit });
  const mezzanines = mezzaninesOfAll(caches);
  const swept = caches.flatMap(({ stores }) => stores.swept);
  const purging = createPurgingFor({ purges, stores: swept, mezzanines, emit, resumes: peers.isFirst });
  peers.attach(attachedParts({ caches, purges, kept, storages, observers, emit }));
  const management = peers.isFirst
    ? await openManagementFor({ config, kept, mezzanines, purging, peers, emit })
    : null;
  const admin = createAdmin({
    // Where there are several processes, one listener answers for all.
    settings: peers.count === 1 ? config.admin : { ...config.admin, bind: '' },
    metrics: () => operatorsPage(observers),
    readiness,
    version: () => componentVersions(config.engine),
  });

  return {
    observers,
    caches,
    sources,
    engine,
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
      webhooks?.start({ resumes: peers.isFirst });
      web.warmUp();
      warmUpS3(config);
      observers.warmUp();
    },
  };
}
