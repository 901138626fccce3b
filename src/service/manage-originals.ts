import type { Bucket, ListedObject, ObjectFacts } from '../core/bucket.ts';
import { PictorError } from '../core/errors.ts';
import type { StorageGrammar } from '../request/storage.ts';
import { createEraser, type Erased, type EraseOrder } from './erase-originals.ts';
import type { KeptObjects } from './kept-objects.ts';
import type { Mezzanines } from './mezzanines.ts';
import type { Purge } from './purge.ts';
import { sortedFrom } from './sorted-listing.ts';
import { bucketOf, type StorageSite } from './storage-site.ts';
import type { VariantMaker } from './variant-maker.ts';

/** A mount that keeps originals, as those see it who look after them. */
export interface ManagedMount {
  readonly site: StorageSite;
  readonly dialect: string;
  /** False: each request names its bucket. True: there is one, and it has no name. */
  readonly oneBucket: boolean;
  /** False: originals are only read here, and belong to somebody else. */
  readonly keeps: boolean;
  readonly family: StorageGrammar<unknown>['family'];
}

/** One original of a mount. */
export interface OriginalAddress {
  readonly mount: ManagedMount;
  readonly bucket: string;
  readonly key: string;
}

export interface ListOrder extends Omit<OriginalAddress, 'key'> {
  /** Of their keys. */
  readonly prefix: string;
  /** Only those behind this key. */
  readonly after: string;
  /** How many at most. */
  readonly limit: number;
}

export interface OriginalsPage {
  readonly originals: readonly ListedObject[];
  /** Where the next page begins; null: there is none. */
  readonly next: string | null;
}

export interface OriginalFacts extends ObjectFacts {
  /** What was made of it, and files that were kept beside it; as many as are told. */
  readonly belongings: readonly ListedObject[];
  /** True: there are more. */
  readonly more: boolean;
}

/** What operators do with kept originals. All of it @throws PictorError STORAGE_*, OPTION_INVALID for a bucket that cannot be */
export interface ManageOriginals {
  /** A page in the order of the keys; perhaps an empty one with others behind it. */
  list(order: ListOrder, signal: AbortSignal): Promise<OriginalsPage>;
  /** Null: no such original. */
  facts(address: OriginalAddress, signal: AbortSignal): Promise<OriginalFacts | null>;
  /**
   * Removes an original and all that was made of it. How many objects that were: 0 when there was nothing.
   * @throws PictorError OPTION_FORBIDDEN where originals are only read
   */
  remove(address: OriginalAddress): Promise<number>;
  /**
   * Removes all originals whose keys begin so, as far as the time reaches: whoever calls again goes on.
   * @throws PictorError OPTION_FORBIDDEN where originals are only read
   */
  erase(order: EraseOrder): Promise<Erased>;
}

export interface ManageOriginalsParts {
  readonly objects: Pick<KeptObjects, 'forget'>;
  readonly maker: Pick<VariantMaker, 'settled'>;
  readonly mezzanines: Pick<Mezzanines, 'forget'>;
  readonly purge: Purge;
}

/** Objects that are looked at for one page. */
const mostLookedAt = 10_000;
/** Belongings that are told of one original. */
const mostBelongings = 1000;

export function createManageOriginals(parts: ManageOriginalsParts): ManageOriginals {
  const eraser = createEraser(parts);
  return {
    async list({ mount, bucket, prefix, after, limit }, signal) {
      const originals: ListedObject[] = [];
      let looked = 0;
      let last = after;
      for await (const object of sortedFrom(openBucket(mount, bucket), prefix, after)) {
        signal.throwIfAborted();
        if (originals.length >= limit || looked >= mostLookedAt) return { originals, next: last };
        looked += 1;
        last = object.key;
        if (mount.family(object.key)?.original === object.key) originals.push(object);
      }
      return { originals, next: null };
    },
    async facts({ mount, bucket, key }, signal) {
      const family = mount.family(key);
      const opened = openBucket(mount, bucket);
      const facts = family?.original === key ? await opened.head(key, signal) : null;
      if (facts === null) return null;
      const belongings: ListedObject[] = [];
      for await (const object of family?.prefix == null ? none() : opened.list(family.prefix)) {
        if (object.key === key || mount.family(object.key)?.original !== key) continue;
        if (belongings.length >= mostBelongings) return { ...facts, belongings, more: true };
        belongings.push(object);
      }
      return { ...facts, belongings, more: false };
    },
    async remove(address) {
      checkKeeps(address.mount);
      openBucket(address.mount, address.bucket);
      return eraser.remove(address);
    },
    async erase(order) {
      checkKeeps(order.mount);
      openBucket(order.mount, order.bucket);
      return eraser.erase(order);
    },
  };
}

/** @throws PictorError OPTION_INVALID, STORAGE_REFUSED */
function openBucket(mount: ManagedMount, bucket: string): Bucket {
  const isNamed = bucket !== '';
  if (isNamed !== mount.oneBucket) return existing({ site: mount.site, bucket });
  const reason = mount.oneBucket ? 'this mount has one bucket, without a name' : 'the bucket is missing';
  throw new PictorError('OPTION_INVALID', { reason });
}

/** A name that is none is the fault of whoever asks. */
function existing(place: { readonly site: StorageSite; readonly bucket: string }): Bucket {
  try {
    return bucketOf(place);
  } catch (thrown) {
    if (!(thrown instanceof PictorError) || thrown.upstreamStatus !== 404) throw thrown;
    throw new PictorError('NOT_FOUND', { reason: 'no such bucket', cause: thrown });
  }
}

function checkKeeps({ keeps }: ManagedMount): void {
  if (keeps) return;
  throw new PictorError('OPTION_FORBIDDEN', { reason: 'this mount only reads its originals' });
}

async function* none(): AsyncGenerator<ListedObject> {}
