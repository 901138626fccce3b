import { asPictorError, type ErrorCode, PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import { createGate } from '../lib/gate.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import { canonicalText } from '../request/canonical.ts';
import { withMountLimits } from '../request/mount-limits.ts';
import type { Recipe } from '../request/storage.ts';
import { type HeldObject, heldObject } from './held-object.ts';
import type { KeptObjects } from './kept-objects.ts';
import type { PurgeMarks } from './purge-marks.ts';
import type { ServedImage, ServeImage } from './serve-image-types.ts';
import { boundsOf, bucketOf, type ObjectAddress, type StorageSite, uriOf } from './storage-site.ts';

/** One variant of an original in a bucket. */
export interface VariantOrder {
  readonly site: StorageSite;
  readonly bucket: string;
  readonly recipe: Recipe;
}

export interface MadeVariant {
  readonly image: ServedImage;
  readonly object: HeldObject;
}

/** Makes variants of kept originals, once for all who want one at the same time, and puts them where they belong. */
export interface VariantMaker {
  /**
   * Whoever waits gets the picture; that it is kept follows in the background.
   * @throws PictorError OBJECT_NOT_FOUND without an original; STORAGE_*, IMAGE_*, BUSY …
   */
  make(order: VariantOrder, signal: AbortSignal): Promise<MadeVariant>;
  /** Settles when a variant that was made lies in its bucket. @throws PictorError STORAGE_*, BUSY */
  kept(order: VariantOrder): Promise<void>;
  /** Settles when nothing is on its way any more to a key whose URI begins so. Never rejects. */
  settled(uris: string): Promise<void>;
  /** Waits for everything that is on its way into a bucket. */
  drain(): Promise<void>;
}

export interface VariantMakerParts {
  readonly serve: ServeImage;
  readonly objects: KeptObjects;
  readonly purges: Pick<PurgeMarks, 'of' | 'isGone'>;
  readonly emit: EmitEvent;
  readonly now: () => number;
}

/** A variant, and when it was begun: what was purged since is not kept. */
type Begun = VariantOrder & { readonly began: number };

/** Variants on their way into buckets at the same time, and those that wait with their bytes in memory. */
const keepers = 16;
const waitingKeepers = 512;

/** These say nothing about the picture, or are nobody's business but the client's. */
const notTheVariants: ReadonlySet<ErrorCode> = new Set([
  'OBJECT_NOT_FOUND',
  'CANCELLED',
  'BUSY',
  'SHUTTING_DOWN',
]);

/** There is no such original: perhaps it has another name. */
const missing: ReadonlySet<ErrorCode> = new Set(['OBJECT_NOT_FOUND', 'SOURCE_NOT_FOUND']);

export function createVariantMaker(parts: VariantMakerParts): VariantMaker {
  const { serve, objects, purges, emit, now } = parts;
  const flight = createSingleFlight<MadeVariant>();
  const gate = createGate({ width: keepers, queue: waitingKeepers });
  const keeping = new Map<string, Promise<void>>();

  const isGone = (order: Begun): boolean =>
    purges.isGone(urisOf(order).map((uri) => ({ uri, asked: order.began })));

  /** What is being made of what was purged is for nobody who came after that. */
  const flightOf = (order: VariantOrder): string =>
    [nameOf(order), Math.max(...urisOf(order).map(purges.of)), boundsOf(order.site)].join('\n');

  async function run(order: Begun, signal: AbortSignal): Promise<MadeVariant> {
    try {
      const image = await serveFirst(order, signal);
      const { body } = image;
      if (body === null) throw new PictorError('INTERNAL', { detail: 'a variant without bytes' });
      if (image.cache === 'miss' || image.cache === 'bypass') tellMade(order, image);
      return { image, object: keep(order, image, body) };
    } catch (thrown) {
      if (!notTheVariants.has(asPictorError(thrown).code)) tellOutcome(emit, order, 'failed');
      throw thrown;
    }
  }

  /** The variant of the first original that there is. */
  async function serveFirst(
    { site, bucket, recipe }: VariantOrder,
    signal: AbortSignal,
  ): Promise<ServedImage> {
    let last: PictorError | undefined;
    for (const key of recipe.originals) {
      const source = uriOf({ site, bucket, key });
      try {
        // One after the other: the second name only counts where the first leads nowhere.
        return await serve({ image: withMountLimits({ ...recipe.image, source }, site.limits), signal });
      } catch (thrown) {
        last = ofTheBucket(asPictorError(thrown));
        if (!missing.has(last.code)) throw last;
      }
    }
    throw new PictorError('OBJECT_NOT_FOUND', {
      detail: `no original: ${bucket}/${recipe.originals[0] ?? ''}`,
      ...(last === undefined ? {} : { cause: last }),
    });
  }

  function tellMade({ site, bucket, recipe }: VariantOrder, { width, height }: ServedImage): void {
    emit({ ...described({ site, bucket, recipe }), outcome: 'made', width, height });
  }

  /** Begins to put it into its bucket, where it belongs into one. */
  function keep(order: Begun, { mediaType }: ServedImage, bytes: Uint8Array): HeldObject {
    const address = keptAddress(order);
    if (address === null || isGone(order))
      return heldObject(bytes, { contentType: mediaType, modified: now() });
    const object = objects.hold(address, { bytes, contentType: mediaType, began: order.began });
    const name = uriOf(address);
    if (keeping.has(name)) return object;
    const kept = { ...order, address, bytes, contentType: mediaType };
    const done = put(kept).finally(() => keeping.delete(name));
    keeping.set(name, done);
    done.catch((thrown: unknown) => {
      const { code, detail = '' } = asPictorError(thrown);
      emit({ type: 'store', store: 'bucket', what: 'write-failed', detail: `${name}: ${code} ${detail}` });
    });
    return object;
  }

  async function put({ address, bytes, contentType, ...order }: Begun & Kept): Promise<void> {
    const leave = await gate.enter(nobody);
    if (leave === null)
      throw new PictorError('BUSY', { detail: 'too many variants are on their way into buckets' });
    try {
      if (!isGone(order)) await bucketOf(address).put(address.key, bytes, { contentType });
    } finally {
      leave();
    }
  }

  return {
    make: (order, signal) =>
      flight.join(flightOf(order), signal, (shared) => run({ ...order, began: now() }, shared)),
    async settled(uris) {
      for (;;) {
        const left = [...keeping].flatMap(([uri, done]) => (uri.startsWith(uris) ? [done] : []));
        if (left.length === 0) return;
        await Promise.allSettled(left);
      }
    },
    async kept(order) {
      const address = keptAddress(order);
      if (address !== null) await keeping.get(uriOf(address));
    },
    async drain() {
      while (keeping.size > 0) await Promise.allSettled(keeping.values());
    },
  };
}

/** To the middle a bucket is a source like any; here it is the mount's own storage that failed. */
const ofTheBucket = (error: PictorError): PictorError =>
  error.cause instanceof PictorError && error.cause.code.startsWith('STORAGE_') ? error.cause : error;

/** A variant on its way to its place. */
interface Kept {
  readonly address: ObjectAddress;
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** Of its originals, and of itself where it is kept. */
function urisOf(order: VariantOrder): string[] {
  const { site, bucket, recipe } = order;
  const keys = [...recipe.originals, ...(recipe.keep === undefined ? [] : [recipe.keep.key])];
  return keys.map((key) => uriOf({ site, bucket, key }));
}

const nobody = new AbortController().signal;

const keptAddress = ({ site, bucket, recipe }: VariantOrder): ObjectAddress | null =>
  recipe.keep === undefined ? null : { site, bucket, key: recipe.keep.key };

/** One text per variant. Where one key is kept, one picture is. */
function nameOf(order: VariantOrder): string {
  const address = keptAddress(order);
  if (address !== null) return uriOf(address);
  const { site, bucket, recipe } = order;
  const source = uriOf({ site, bucket, key: recipe.originals[0] ?? '' });
  return canonicalText({ ...recipe.image, source });
}

const described = ({ site, bucket, recipe }: VariantOrder) => ({
  type: 'variant' as const,
  mount: site.mount,
  bucket,
  original: recipe.originals[0] ?? '',
  ...recipe.label,
});

/** Tells what became of a variant that was not made. */
export function tellOutcome(emit: EmitEvent, order: VariantOrder, outcome: 'present' | 'failed'): void {
  emit({ ...described(order), outcome, width: 0, height: 0 });
}
