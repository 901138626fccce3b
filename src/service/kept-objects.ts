import type { ObjectFacts, ReadOptions } from '../core/bucket.ts';
import { asPictorError, type ErrorCode } from '../core/errors.ts';
import type { CacheResult } from '../core/events.ts';
import type { BlobMeta, BlobStore, StoredBlob } from '../core/ports.ts';
import type { Gate } from '../lib/gate.ts';
import { createLastUsed } from '../lib/last-used.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import { enterWithin } from './enter-within.ts';
import { type HeldObject, heldObject, mostHeldBytes, readObject } from './held-object.ts';
import { objectKey } from './key.ts';
import type { PurgeMarks, SourceTime } from './purge-marks.ts';
import { bucketOf, type ObjectAddress, uriOf } from './storage-site.ts';
import { startTransfer } from './transfer.ts';

export interface FoundObject {
  readonly object: HeldObject;
  readonly cache: CacheResult;
  /** Which store answered a hit. */
  readonly tier?: string;
}

/** Objects of buckets; those asked for lately are at hand, and are asked for once however many want them. */
export interface KeptObjects {
  /** Null: no such object. @throws PictorError STORAGE_*, BUSY */
  find(address: ObjectAddress, signal: AbortSignal): Promise<FoundObject | null>;
  /**
   * A look that costs next to nothing and can be repeated: the object where its bytes are in memory and nobody has to be
   * asked whether they are still good. Null: `find` it.
   */
  glance(address: ObjectAddress): () => FoundObject | null;
  /**
   * The bytes of an object that was found, or a part of them. Null: it is gone by now, or another one; look again.
   * @throws PictorError as `find`
   */
  open(
    address: ObjectAddress,
    object: HeldObject,
    wanted: Pick<ReadOptions, 'part'> & { readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array> | null>;
  /** What is being put there: found from now on, also before the bucket has it. */
  hold(address: ObjectAddress, made: MadeObject): HeldObject;
  /** Asked for anew next time. */
  forget(address: ObjectAddress): void;
  /** Another process has put or removed it: what memory holds of it is dropped. @param key of the copy, as `changed` told it */
  outdated(key: string): void;
}

/** Bytes on their way into a bucket. */
export interface MadeObject {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** When it was set out to make them; epoch milliseconds. */
  readonly began: number;
}

export interface KeptObjectsParts {
  /** Holds small objects; those of this machine only where it lives in memory. */
  readonly variants: BlobStore;
  readonly memory: BlobStore;
  /** One place per object that is read into memory. */
  readonly gate: Gate;
  readonly maxWaitSeconds: number;
  readonly retryAfterSeconds: number;
  readonly purges: Pick<PurgeMarks, 'of' | 'isGone'>;
  /** Told of the copies of objects that were put or removed here. Absent: nobody else has any. */
  readonly changed?: (key: string) => void;
  readonly now: () => number;
}

/** For how long an object is taken for unchanged; then its facts are asked for, and its bytes only if those differ. */
const freshMilliseconds = { local: 5000, remote: 60_000 } as const;

/** After that it is still given for this long while its facts are asked for. */
const staleMilliseconds = 60_000;

/** The bucket is away, which says nothing about the object. */
const away: ReadonlySet<ErrorCode> = new Set([
  'STORAGE_FAILED',
  'STORAGE_UNREACHABLE',
  'STORAGE_TIMEOUT',
  'BUSY',
]);

/** An object that is held, with its URI and when it was asked for. */
interface Entry extends SourceTime {
  readonly object: HeldObject;
  /** Tag of the bucket. Absent with `etag`: the bucket has not said. */
  readonly bucketTag?: string;
  /** True: put there by us a moment ago; what the bucket says of it is not known. */
  readonly isNew?: true;
  readonly tier: string;
}

type Record_ = Omit<HeldObject, 'bytes'> & Pick<Entry, 'bucketTag' | 'isNew' | 'uri' | 'asked'>;

export function createKeptObjects(parts: KeptObjectsParts): KeptObjects {
  const loads = createSingleFlight<Entry | null>();
  const checks = createSingleFlight<ObjectFacts | null>();
  const large = createLastUsed<Entry>(10_000);
  /** When the facts were last heard from the bucket. */
  const checked = createLastUsed<number>(100_000);
  /** The last change of each key that we know of: what was asked of a bucket before it is not to be kept after it. */
  const changes = createLastUsed<number>(100_000);
  let changesSoFar = 0;

  const unpurged = (entry: Entry | null): Entry | null =>
    entry === null || parts.purges.isGone([entry]) ? null : entry;

  /** What was read before a purge or a change is for nobody who came after it. */
  const flightOf = (address: ObjectAddress, key: string): string => {
    const uri = uriOf(address);
    return `${uri}\n${parts.purges.of(uri)}\n${changes.get(key) ?? 0}`;
  };

  function noteChange(key: string): void {
    changesSoFar += 1;
    changes.set(key, changesSoFar);
  }

  const storeOf = ({ site }: ObjectAddress): BlobStore => (site.isLocal ? parts.memory : parts.variants);

  function peek(address: ObjectAddress, key: string): Entry | null {
    const blob = storeOf(address).peek?.(key) ?? null;
    if (blob?.body !== undefined) return unpurged(entryFrom(blob, blob.body));
    return unpurged(large.get(key) ?? null);
  }

  async function read(address: ObjectAddress, key: string): Promise<Entry | null> {
    const held = peek(address, key);
    if (held !== null || address.site.isLocal) return held;
    const blob = await parts.variants.get(key).catch(() => null);
    const bytes = blob === null ? null : (blob.body ?? (await blob.bytes().catch(() => null)));
    return blob === null || bytes === null ? null : unpurged(entryFrom(blob, bytes));
  }

  const age = (key: string): number => {
    const at = checked.get(key);
    const since = at === undefined ? Number.POSITIVE_INFINITY : parts.now() - at;
    // A clock that was set back must not make it young for long.
    return since < 0 ? Number.POSITIVE_INFINITY : since;
  };

  function keep(address: ObjectAddress, key: string, entry: Entry): void {
    if (parts.purges.isGone([entry])) return;
    checked.set(key, parts.now());
    const { bytes, ...facts } = entry.object;
    if (bytes === null) {
      large.set(key, entry);
      return;
    }
    large.delete(key);
    const { bucketTag, isNew, uri, asked } = entry;
    const meta: Record_ = {
      ...facts,
      uri,
      asked,
      ...(bucketTag === undefined ? {} : { bucketTag }),
      ...(isNew === undefined ? {} : { isNew }),
    };
    // A cache that cannot keep it only makes the next one wait.
    const store = storeOf(address);
    store
      .put(key, bytes, meta as unknown as BlobMeta)
      // Purged while it was written: a look through the store may have passed it by.
      .then(() => (parts.purges.isGone([entry]) ? store.delete(key) : undefined))
      .catch(() => {});
  }

  function drop(address: ObjectAddress, key: string): void {
    checked.delete(key);
    large.delete(key);
    storeOf(address)
      .delete(key)
      .catch(() => {});
  }

  const load = (address: ObjectAddress, key: string, signal: AbortSignal): Promise<Entry | null> =>
    loads.join(flightOf(address, key), signal, async (shared) => {
      const asked = parts.now();
      const change = changes.get(key);
      // Read by the run that this request would have joined, had it come a moment earlier.
      const held = peek(address, key);
      if (held !== null && age(key) < freshMilliseconds.local) return held;
      const leave = await enterWithin(parts, shared);
      const transfer = startTransfer(shared);
      try {
        const read = await readObject(bucketOf(address), address.key, transfer.signal);
        const isCurrent = changes.get(key) === change;
        if (read === null) {
          if (isCurrent) drop(address, key);
          return null;
        }
        const entry: Entry = { ...read, tier: 'memory', uri: uriOf(address), asked };
        if (isCurrent) keep(address, key, entry);
        return entry;
      } finally {
        transfer.giveUp();
        leave();
      }
    });

  /** What became of an object that is held: the same, another one, or none. */
  async function check(
    address: ObjectAddress,
    { key, held }: { key: string; held: Entry },
    signal: AbortSignal,
  ): Promise<FoundObject | null> {
    const flight = flightOf(address, key);
    const change = changes.get(key);
    const facts = await checks.join(flight, signal, (shared) => bucketOf(address).head(address.key, shared));
    const isCurrent = changes.get(key) === change;
    if (facts === null) {
      if (isCurrent) drop(address, key);
      return null;
    }
    if (isSame(held, facts)) {
      if (isCurrent && held.isNew === true) keep(address, key, known(held, facts));
      if (isCurrent) checked.set(key, parts.now());
      return { object: held.object, cache: 'revalidated' };
    }
    const entry = await load(address, key, signal);
    return entry === null ? null : { object: entry.object, cache: 'miss' };
  }

  function checkInBackground(address: ObjectAddress, key: string, held: Entry): void {
    // Nobody waits: what fails is tried again by the next one who asks.
    check(address, { key, held }, new AbortController().signal).catch(() => {});
  }

  return {
    async find(address, signal) {
      const key = keyOf(address);
      const held = peek(address, key) ?? (await read(address, key));
      if (held === null) {
        const entry = await load(address, key, signal);
        return entry === null ? null : { object: entry.object, cache: 'miss' };
      }
      const fresh = freshFor(address);
      const { object, tier } = held;
      if (age(key) < fresh) return { object, cache: 'hit', tier };
      if (!address.site.isLocal && age(key) < fresh + staleMilliseconds) {
        checkInBackground(address, key, held);
        return { object, cache: 'stale', tier };
      }
      try {
        return await check(address, { key, held }, signal);
      } catch (thrown) {
        if (object.bytes === null || !away.has(asPictorError(thrown).code)) throw thrown;
        // The next ones do not wait for what does not answer.
        checked.set(key, parts.now() - fresh);
        return { object, cache: 'stale', tier };
      }
    },
    glance(address) {
      const key = keyOf(address);
      const fresh = freshFor(address);
      return () => {
        if (age(key) >= fresh) return null;
        const held = peek(address, key);
        return held === null || held.object.bytes === null
          ? null
          : { object: held.object, cache: 'hit', tier: held.tier };
      };
    },
    async open(address, object, { signal, ...part }) {
      const transfer = startTransfer(signal);
      const found = await bucketOf(address).get(address.key, { signal: transfer.signal, ...part });
      if (found?.size === object.size && found.etag === object.etag) return found.body;
      transfer.giveUp();
      drop(address, keyOf(address));
      return null;
    },
    hold(address, { bytes, contentType, began: asked }) {
      const object = heldObject(bytes, { contentType, modified: parts.now() });
      const key = keyOf(address);
      noteChange(key);
      const entry = { object, isNew: true, tier: 'memory', uri: uriOf(address), asked } as const;
      if (bytes.byteLength <= mostHeldBytes) keep(address, key, entry);
      else drop(address, key);
      parts.changed?.(key);
      return object;
    },
    forget(address) {
      const key = keyOf(address);
      noteChange(key);
      drop(address, key);
      parts.changed?.(key);
    },
    outdated(key) {
      noteChange(key);
      checked.delete(key);
      large.delete(key);
      parts.memory.delete(key).catch(() => {});
    },
  };
}

const freshFor = ({ site }: ObjectAddress): number =>
  site.isLocal ? freshMilliseconds.local : freshMilliseconds.remote;

const keyOf = (address: ObjectAddress): string => objectKey(uriOf(address));

function entryFrom({ meta, tier }: StoredBlob, bytes: Uint8Array): Entry {
  const { bucketTag, isNew, uri, asked, ...facts } = meta as unknown as Record_;
  return {
    object: { ...facts, bytes },
    uri,
    asked,
    tier,
    ...(bucketTag === undefined ? {} : { bucketTag }),
    ...(isNew === undefined ? {} : { isNew }),
  };
}

/** Our own copy, of which the bucket has told by now. The time stays as clients were told. */
const known = ({ object, tier, uri, asked }: Entry, { etag }: ObjectFacts): Entry => ({
  object,
  tier,
  uri,
  asked,
  ...(etag === undefined ? {} : { bucketTag: etag }),
});

function isSame({ object, bucketTag, isNew }: Entry, facts: ObjectFacts): boolean {
  if (object.size !== facts.size) return false;
  if (isNew === true) return true;
  if (bucketTag !== undefined && facts.etag !== undefined) return bucketTag === facts.etag;
  return object.modified === facts.modified;
}
