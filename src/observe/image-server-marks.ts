import type { PictorEvent } from '../core/events.ts';

/** What image-server counted, by the names it had for it. */
export type Mark =
  | { readonly type: 'count'; readonly name: PlainName }
  | { readonly type: 'version'; readonly outcome: 'ok' | 'noop' | 'failed'; readonly of: VersionLabels }
  /** All variants of one call lay ready. */
  | { readonly type: 'versions-noop'; readonly namespace: string }
  | { readonly type: 'latency'; readonly handler: HandlerName; readonly ms: number };

export type PlainName =
  | 'new_image.request'
  | 'new_image.request_failed'
  | 'upload.original'
  | 'fetch.source_downloaded'
  | 'fetch.original_downloaded'
  | 'fetch.original_unavailable'
  | 'fetch.original_download_skipped';

export type HandlerName = 'new_image' | 'resize_many' | 'resize_image' | 'new_file';

export interface VersionLabels {
  readonly namespace: string;
  /** As its name says it: `jpg`. */
  readonly format: string;
  readonly quality: number;
}

type EventOf<Type extends PictorEvent['type']> = Extract<PictorEvent, { type: Type }>;

/**
 * What an event counts for. Fetches carry no mount: those of all mounts count.
 * @param mounts names of those that speak image-server
 */
export function marksOf(event: PictorEvent, mounts: ReadonlySet<string>): readonly Mark[] {
  switch (event.type) {
    case 'upload':
      return mounts.has(event.mount) ? uploadMarks(event) : [];
    case 'variant':
      return mounts.has(event.mount) ? [versionMark(event)] : [];
    case 'variants-ready':
      return mounts.has(event.mount) && event.made === 0
        ? [{ type: 'versions-noop', namespace: namespaceOf(event.original) }]
        : [];
    case 'fetch':
      return fetchMarks(event);
    case 'request':
      return mounts.has(event.mount) ? latencyMarks(event) : [];
    default:
      return [];
  }
}

const count = (name: PlainName): Mark => ({ type: 'count', name });

const uploadMarks = ({ stored }: EventOf<'upload'>): readonly Mark[] => [
  count('new_image.request'),
  count(stored === undefined ? 'new_image.request_failed' : 'upload.original'),
];

const outcomes = { made: 'ok', present: 'noop', failed: 'failed' } as const;

const versionMark = ({ outcome, original, format, quality }: EventOf<'variant'>): Mark => ({
  type: 'version',
  outcome: outcomes[outcome],
  of: { namespace: namespaceOf(original), format, quality },
});

const namespaceOf = (key: string): string => key.slice(0, Math.max(0, key.indexOf('/')));

function fetchMarks({ source, outcome, local = false }: EventOf<'fetch'>): readonly Mark[] {
  const found = outcome === 'found' || outcome === 'not-modified';
  if (/^https?:/.test(source)) return found ? [count('fetch.source_downloaded')] : [];
  if (!source.startsWith('original:')) return [];
  if (found) return [count(local ? 'fetch.original_download_skipped' : 'fetch.original_downloaded')];
  return outcome === 'SOURCE_NOT_FOUND' ? [count('fetch.original_unavailable')] : [];
}

/** Of paths, below whatever prefix a mount has. */
const ofOriginal = /\/[a-z0-9_-]+\/(?:[a-f0-9]{3}\/){3}[a-f0-9]{23}\/([^/]+)$/;
const ofNamespace = /\/[a-z0-9_-]+$/;

/** Whoever has no business here is turned away before any handler. */
function latencyMarks({ method, target, status, ms }: EventOf<'request'>): readonly Mark[] {
  const handler = status === 401 ? null : handlerOf(method, target);
  return handler === null ? [] : [{ type: 'latency', handler, ms }];
}

function handlerOf(method: string, target: string): HandlerName | null {
  // The URL of a source, in the query, may look like one of ours.
  const [path = ''] = target.split('?', 1);
  const file = ofOriginal.exec(path)?.[1];
  if (method === 'GET' || method === 'HEAD') return file === undefined ? null : 'resize_image';
  if (method !== 'POST') return null;
  if (file === undefined) return ofNamespace.test(path) ? 'new_image' : null;
  return file === 'process' ? 'resize_many' : 'new_file';
}
