import { asPictorError, type ErrorCode } from '../core/errors.ts';
import { createLastUsed } from '../lib/last-used.ts';
import { thoroughRequest } from '../plan/thorough.ts';
import { releaseAll } from './held-original.ts';
import type { IdleLane } from './idle-lane.ts';
import type { KeptVariants } from './kept-variants.ts';
import { etagOf } from './key.ts';
import type { PictureMaking } from './make-picture.ts';
import type { PurgeMarks } from './purge-marks.ts';
import { type RunOnce, runAlone } from './run-once.ts';
import type { ServeRequest } from './serve-image-types.ts';
import { sourceFailures } from './source-failures.ts';
import { asRecord, type ReadBlob, type Sourced, type VariantRecord } from './variant-record.ts';

/** A request in nobody's name. */
export type NobodysRequest = Pick<ServeRequest, 'image' | 'visits' | 'passed' | 'rules'>;

/** A variant of which more is to be made. */
export interface IdleOrder {
  readonly key: string;
  readonly request: NobodysRequest;
}

/** Variants that are made, or made smaller, when there is time. */
export interface IdleVariants {
  /**
   * Makes a variant that takes too long for the request that wants it.
   * @param sourced what that request had of its sources
   * @returns false: it will not come
   */
  later(order: IdleOrder, sourced: Sourced): boolean;
  /** A variant was made. */
  made(order: IdleOrder): void;
  /** A variant was given once more, for this request. */
  again(order: IdleOrder, record: VariantRecord): void;
  /** The same, for a URL that was answered a moment ago. */
  repeated(key: string, record: VariantRecord): void;
}

export interface IdleVariantsParts {
  readonly lane: IdleLane;
  readonly variants: Pick<KeptVariants, 'find' | 'write' | 'written' | 'renew'>;
  readonly making: Pick<PictureMaking, 'makeInIdle' | 'isOfToday'>;
  /** Every source of the request, at hand; they are released by whoever asked for them. @throws PictorError */
  readonly sources: (order: IdleOrder, signal: AbortSignal) => Promise<Sourced>;
  readonly purges: Pick<PurgeMarks, 'isGone'>;
  /** Among all processes of this machine. Absent: there is one. */
  readonly runOnce?: RunOnce | undefined;
  /** Whether variants are encoded once more. */
  readonly reencode: boolean;
}

/** Variants that were made and may be asked for again; those that were looked at; those that could not be made. */
const remembered = 5000;

/** These say nothing about the picture. */
const notThePictures: ReadonlySet<ErrorCode> = new Set([
  ...sourceFailures,
  'BUSY',
  'CANCELLED',
  'SHUTTING_DOWN',
  'STORE_FAILED',
]);

export function createIdleVariants(parts: IdleVariantsParts): IdleVariants {
  const { lane, variants, making, purges } = parts;
  const vain = createLastUsed<true>(remembered);

  /** Runs with the sources at hand. */
  async function sourced<T>(
    order: IdleOrder,
    signal: AbortSignal,
    use: (sources: Sourced) => Promise<T>,
  ): Promise<T> {
    const sources = await parts.sources(order, signal);
    try {
      return await use(sources);
    } finally {
      releaseAll(sources.originals);
    }
  }

  async function make(order: IdleOrder, sources: Sourced, signal: AbortSignal): Promise<void> {
    const { key, request } = order;
    const { image } = request;
    // Another process that shares the store may have made it by now.
    const held = await variants.find(key);
    if (held !== null && asRecord(held.meta).version === sources.version && making.isOfToday(held, image))
      return;
    try {
      const variant = await making.makeInIdle({ image, key, sourced: sources, signal });
      if (variant.record.storable) variants.write(key, variant);
    } catch (thrown) {
      if (!notThePictures.has(asPictorError(thrown).code)) vain.set(nameOf(key, sources.version), true);
      throw thrown;
    }
  }

  const reencoding = createReencoding(parts, sourced);
  return {
    later(order, { originals, version }) {
      const { key, request } = order;
      const { image, visits, passed, rules } = request;
      if (!originals.every(({ freshness }) => freshness.storable) || vain.has(nameOf(key, version)))
        return false;
      const nobodys: IdleOrder = { key, request: { image, visits, passed, rules } };
      const wanted = originals.map(({ uri, asked }) => ({ uri, asked }));
      lane.add({
        work: 'slow-format',
        name: `slow-format ${key}`,
        async run(signal) {
          if (purges.isGone(wanted)) return;
          const work = () => sourced(nobodys, signal, (sources) => make(nobodys, sources, signal));
          await inTurn(parts, { key, signal, work });
        },
      });
      return true;
    },
    ...(parts.reencode ? reencoding : noReencoding),
  };
}

interface Turn {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly work: () => Promise<void>;
}

/** One process at a time, so that those after it find that it is done; then no other gives what it had in memory before. */
const inTurn = ({ runOnce = runAlone, variants }: IdleVariantsParts, { key, signal, work }: Turn) =>
  runOnce({
    name: `idle ${key}`,
    signal,
    work,
    findable: () => variants.written(key),
    changes: key,
  });

type Reencoding = Pick<IdleVariants, 'made' | 'again' | 'repeated'>;

const noReencoding: Reencoding = { made() {}, again() {}, repeated() {} };

type WithSources = <T>(
  order: IdleOrder,
  signal: AbortSignal,
  use: (sources: Sourced) => Promise<T>,
) => Promise<T>;

/** Once per variant: when it has been asked for again. What nobody wants twice is not worth the time. */
function createReencoding(parts: IdleVariantsParts, withSources: WithSources): Reencoding {
  const { lane, variants, making } = parts;
  const once = createLastUsed<IdleOrder>(remembered);
  const seen = createLastUsed<true>(remembered);

  async function reencode(order: IdleOrder, before: VariantRecord, signal: AbortSignal): Promise<void> {
    const { key, request } = order;
    const image = thoroughRequest(request.image, pictureOf(before));
    const held = await variants.find(key);
    if (image === null || !isThat(held, before)) return;
    const made = await withSources(order, signal, async (sourced) =>
      sourced.version === before.version ? making.makeInIdle({ image, key, sourced, signal }) : null,
    );
    // Purged, renewed or made anew meanwhile: what is there counts.
    const now = await variants.find(key);
    if (made === null || !isThat(now, before) || made.record.mediaType !== before.mediaType) return;
    const record: VariantRecord = { ...asRecord(now.meta), reencoded: true };
    if (made.body.length >= now.body.length) return variants.renew(key, record);
    const etag = etagOf(record.etag, 're-encoded');
    variants.write(key, { ...made, record: { ...record, etag, replaced: true } });
  }

  function again({ key, request }: IdleOrder, record: VariantRecord): void {
    const name = nameOf(key, record.etag);
    if (record.reencoded === true || !record.storable || seen.has(name)) return;
    seen.set(name, true);
    const { image, visits, passed, rules } = request;
    if (thoroughRequest(image, pictureOf(record)) === null) return;
    const order: IdleOrder = { key, request: { image, visits, passed, rules } };
    lane.add({
      work: 're-encode',
      name: `re-encode ${key}`,
      last: true,
      run: (signal) => inTurn(parts, { key, signal, work: () => reencode(order, record, signal) }),
    });
  }

  return {
    made({ key, request: { image, visits, passed, rules } }) {
      once.set(key, { key, request: { image, visits, passed, rules } });
    },
    again(order, record) {
      once.delete(order.key);
      again(order, record);
    },
    repeated(key, record) {
      const order = once.get(key);
      if (order === undefined) return;
      once.delete(key);
      again(order, record);
    },
  };
}

const nameOf = (key: string, version: string): string => `${key}\n${version}`;

const pictureOf = ({ mediaType, width, height, bounded }: VariantRecord) => ({
  mediaType,
  width,
  height,
  animated: (bounded?.frames ?? 1) > 1,
});

const isThat = (held: ReadBlob | null, { etag }: VariantRecord): held is ReadBlob =>
  held !== null && asRecord(held.meta).etag === etag;
