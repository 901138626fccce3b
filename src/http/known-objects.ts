import { LRUCache } from 'lru-cache';
import type { Showing } from '../request/storage.ts';
import type { FoundObject } from '../service/kept-objects.ts';
import type { Exchange } from './exchange.ts';
import type { Reply } from './messages.ts';

/** A target that showed an object a moment ago, and shows it to whoever asks. No bytes are kept alive by it. */
export interface KnownObject {
  /** Null: it has to be found anew. */
  readonly glance: () => FoundObject | null;
  readonly showing: Showing;
  /** URI, for the log. */
  readonly source: string;
  /** Of the object whose headers these are; others get their own. */
  readonly etag: string | undefined;
  readonly modified: number;
  /** Flat list; the request id goes to `idAt`. */
  readonly headers: readonly string[];
  readonly idAt: number;
}

/** Targets of one mount that were answered with an object lately: they are not read, and nothing is hashed, again. */
export interface KnownObjects {
  find(target: string): KnownObject | undefined;
  keep(target: string, entry: KnownObject): void;
}

/** Longer ones are answered the long way: they are rare, and anyone can make them up. */
const longestTarget = 2048;
const maxBytes = 16 * 1024 * 1024;
/** Objects around the texts of an entry, roughly. */
const entryBytes = 1536;

export function createKnownObjects(): KnownObjects {
  const entries = new LRUCache<string, KnownObject>({
    maxSize: maxBytes,
    sizeCalculation: ({ headers, source }, target) =>
      entryBytes + 2 * (target.length + source.length + headers.reduce((sum, text) => sum + text.length, 0)),
  });
  return {
    find: (target) => entries.get(target),
    keep(target, entry) {
      if (target.length <= longestTarget) entries.set(target, entry);
    },
  };
}

/** What the next one who asks for the same target can be given. Null: this answer is none that can be repeated. */
export function knownFrom(
  { status, headers, body }: Reply,
  {
    object: { etag, modified },
    ...shown
  }: Pick<KnownObject, 'glance' | 'showing' | 'source'> & Pick<FoundObject, 'object'>,
): KnownObject | null {
  const idAt = headers.indexOf('X-Request-ID') + 1;
  return status === 200 && body !== null && idAt > 0 ? { ...shown, etag, modified, headers, idAt } : null;
}

/** The answer with an object that is at hand. Null: the client sets conditions, or the object is another one by now. */
export function knownReply(exchange: Exchange, known: KnownObject, found: FoundObject): Reply | null {
  const { request, method, id } = exchange;
  const { etag, modified, bytes } = found.object;
  const isSame = etag === known.etag && modified === known.modified;
  if (!isSame || method !== 'GET' || !isPlain(request.headers)) return null;
  const headers = known.headers.slice();
  headers[known.idAt] = id;
  return { status: 200, headers, body: bytes };
}

const isPlain = (headers: Exchange['request']['headers']): boolean =>
  headers['if-none-match'] === undefined &&
  headers['if-modified-since'] === undefined &&
  headers.range === undefined;
