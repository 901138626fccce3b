import { asPictorError } from '../core/errors.ts';
import type { ImageLimits } from '../core/image-info.ts';
import type { Gate } from '../lib/gate.ts';
import { boundedBy, isBoundedAlike } from '../plan/bounded.ts';
import type { Engine } from '../plan/engine-port.ts';
import { limitsOf } from '../plan/limits.ts';
import type { ImageRequest } from '../request/image-request.ts';
import { enterWithin } from './enter-within.ts';
import { handedOn } from './hand-on.ts';
import type { KeptVariants } from './kept-variants.ts';
import type { Mezzanines } from './mezzanines.ts';
import { typeToCheck } from './source-answer.ts';
import { createTransformFailures } from './transform-failures.ts';
import { asRecord, namesOf, type ReadBlob, recordOf, type Sourced, type Variant } from './variant-record.ts';

export interface PictureMakingParts {
  readonly engine: Engine;
  readonly mezzanines: Mezzanines;
  /** Processing gate: one place per transform in flight. */
  readonly gate: Gate;
  readonly limits: ImageLimits;
  /** Longest wait for a place at the gate; 0: no limit. */
  readonly maxWaitSeconds: number;
  readonly retryAfterSeconds: number;
  readonly now: () => number;
}

/** One picture to make, of originals at hand. */
export interface PictureOrder {
  readonly image: ImageRequest;
  /** The variant's key. */
  readonly key: string;
  readonly sourced: Sourced;
  readonly signal: AbortSignal;
}

export interface PictureMaking {
  /**
   * The variant of these originals, for everybody who wants it now: the one that has been made meanwhile, or a new one.
   * Where the mount takes every answer, one that cannot be worked on is given as it came, and is not kept.
   * @throws PictorError
   */
  make(order: PictureOrder): Promise<Variant>;
  /** Whether a stored variant is what today's bounds would make. */
  isOfToday(held: ReadBlob, image: ImageRequest): boolean;
}

export function createPictureMaking(parts: PictureMakingParts, variants: KeptVariants): PictureMaking {
  const failures = createTransformFailures(parts.now);

  function isOfToday({ meta }: ReadBlob, image: ImageRequest): boolean {
    const { bounded } = asRecord(meta);
    return bounded === undefined || isBoundedAlike(bounded, limitsOf(image, parts.limits));
  }

  async function makeOnce(order: PictureOrder): Promise<Variant> {
    const { image, key, sourced } = order;
    const remembered = failures.recall({ key, originals: namesOf(sourced) });
    if (remembered !== null) throw remembered;
    const written = variants.beingWritten(key, sourced.version);
    if (written !== null) return written;
    // Made while this request was on its way to its sources: the run it would have joined has just ended.
    const made = await variants.find(key);
    if (made !== null && asRecord(made.meta).version === sourced.version && isOfToday(made, image))
      return { record: asRecord(made.meta), body: made.body, timings: sourced.timings };
    return transform(order);
  }

  /** Decodes, transforms and encodes behind the process gate. */
  async function transform({ image, key, sourced, signal }: PictureOrder): Promise<Variant> {
    const asked = parts.now();
    const leave = await enterWithin(parts, signal);
    const processWait = parts.now() - asked;
    try {
      const inputs = Object.fromEntries(sourced.originals.map((original) => [original.uri, original.input]));
      const main = sourced.originals[0]!;
      const mezzanines = await parts.mezzanines.find(main, image);
      const job = { request: image, inputs, limits: parts.limits, mezzanines };
      const made = await parts.engine.transform(job, signal);
      if (made.reused === undefined) parts.mezzanines.madeOf(main, made.source);
      const type = typeToCheck(image, sourced, made);
      const facts = type === null ? made : { ...made, declaredType: type };
      const record = recordOf(sourced, facts, boundedBy(made.source, limitsOf(image, parts.limits)));
      const { decodeMs: decode, encodeMs: encode } = made.timings;
      const timings = { ...sourced.timings, processWait, decode, encode };
      const variant: Variant = { record, body: made.bytes, timings };
      if (record.storable) variants.write(key, variant);
      return variant;
    } catch (thrown) {
      const error = asPictorError(thrown);
      failures.remember({ key, originals: namesOf(sourced) }, error);
      throw error;
    } finally {
      leave();
    }
  }

  return {
    isOfToday,
    async make(order) {
      try {
        return await makeOnce(order);
      } catch (thrown) {
        const variant = await handedOn(order.image, order.sourced, asPictorError(thrown));
        if (variant === null) throw thrown;
        return variant;
      }
    },
  };
}
