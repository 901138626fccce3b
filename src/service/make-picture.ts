import { asPictorError, type PictorError } from '../core/errors.ts';
import type { ImageLimits } from '../core/image-info.ts';
import type { Gate } from '../lib/gate.ts';
import { createLastUsed } from '../lib/last-used.ts';
import { boundedBy, isBoundedAlike } from '../plan/bounded.ts';
import type { Engine, TransformJob, TransformResult } from '../plan/engine-port.ts';
import { limitsOf } from '../plan/limits.ts';
import type { PassedOver } from '../plan/within-budget.ts';
import type { ImageRequest } from '../request/image-request.ts';
import { enterWithin } from './enter-within.ts';
import { handedOn } from './hand-on.ts';
import type { KeptVariants } from './kept-variants.ts';
import type { Mezzanines } from './mezzanines.ts';
import { typeToCheck } from './source-answer.ts';
import { createTransformFailures, type TransformName } from './transform-failures.ts';
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
  /** CPU milliseconds an encoder may take where the client chooses the format; 0: as many as it needs. */
  readonly budgetMs: number;
  readonly now: () => number;
}

/** Pictures of which it is remembered that they take too long. */
const rememberedSlow = 10_000;

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
   * Where the mount takes every answer, one that cannot be worked on is given as it came, and is not kept. Nothing is made
   * where that takes too long to wait for.
   * @throws PictorError
   */
  make(order: PictureOrder): Promise<Variant | PassedOver>;
  /** The variant, made when nobody waits for it, however long that takes. It is not kept yet. @throws PictorError */
  makeInIdle(order: PictureOrder): Promise<Variant>;
  /** Another process has tried it. */
  failedElsewhere(order: PictureOrder, error: PictorError): void;
  /** Whether a stored variant is what today's bounds would make. */
  isOfToday(held: ReadBlob, image: ImageRequest): boolean;
}

export function createPictureMaking(parts: PictureMakingParts, variants: KeptVariants): PictureMaking {
  const failures = createTransformFailures(parts.now);
  const slow = createLastUsed<PassedOver>(rememberedSlow);

  function isOfToday({ meta }: ReadBlob, image: ImageRequest): boolean {
    const { bounded } = asRecord(meta);
    return bounded === undefined || isBoundedAlike(bounded, limitsOf(image, parts.limits));
  }

  async function makeOnce(order: PictureOrder): Promise<Variant | PassedOver> {
    const { image, key, sourced } = order;
    const remembered = failures.recall(failureName(order));
    if (remembered !== null) throw remembered;
    const written = variants.beingWritten(key, sourced.version);
    if (written !== null) return written;
    // Made while this request was on its way to its sources: the run it would have joined has just ended.
    const made = await variants.find(key);
    if (made !== null && asRecord(made.meta).version === sourced.version && isOfToday(made, image))
      return { record: asRecord(made.meta), body: made.body, timings: sourced.timings };
    return slow.get(slowName(order)) ?? transformInTurn(order);
  }

  /** A picture that may be slow in all its variants gets one worker, not all of them. */
  async function transformInTurn(order: PictureOrder): Promise<Variant | PassedOver> {
    const gate = failures.turns(failureName(order));
    if (gate === null) return transform(order);
    const leave = await enterWithin({ ...parts, gate }, order.signal);
    try {
      return await transform(order);
    } finally {
      leave();
    }
  }

  /** What one mount does not read (`limits.inputs`), another may. */
  const failureName = ({ image, key, sourced }: PictureOrder): TransformName => {
    const { inputs } = image.limits ?? {};
    const readAs = inputs === undefined ? '' : `\n${JSON.stringify(inputs)}`;
    return { key, originals: `${namesOf(sourced)}${readAs}` };
  };

  const slowName = ({ key, sourced }: PictureOrder): string => `${key}\n${namesOf(sourced)}`;

  async function jobOf({ image, sourced }: PictureOrder): Promise<TransformJob> {
    const inputs = Object.fromEntries(sourced.originals.map((original) => [original.uri, original.input]));
    const mezzanines = await parts.mezzanines.find(sourced.originals[0]!, image);
    return { request: image, inputs, limits: parts.limits, mezzanines };
  }

  function variantOf({ image, sourced }: PictureOrder, made: TransformResult): Variant {
    const type = typeToCheck(image, sourced, made);
    const facts = type === null ? made : { ...made, declaredType: type };
    const record = recordOf(sourced, facts, boundedBy(made.source, limitsOf(image, parts.limits)));
    const { decodeMs: decode, encodeMs: encode } = made.timings;
    return { record, body: made.bytes, timings: { ...sourced.timings, decode, encode } };
  }

  /** Decodes, transforms and encodes behind the process gate. */
  async function transform(order: PictureOrder): Promise<Variant | PassedOver> {
    const { image, key, sourced, signal } = order;
    const asked = parts.now();
    const leave = await enterWithin(parts, signal);
    const processWait = parts.now() - asked;
    try {
      const job = await jobOf(order);
      const made = await (hasBudget(image)
        ? parts.engine.transformWithin({ ...job, budgetMs: parts.budgetMs }, signal)
        : parts.engine.transform(job, signal));
      if ('passedOver' in made) {
        slow.set(slowName(order), made);
        return made;
      }
      if (made.reused === undefined) parts.mezzanines.madeOf(sourced.originals[0]!, made.source);
      const { timings, ...variant } = variantOf(order, made);
      const waited: Variant = { ...variant, timings: { ...timings, processWait } };
      if (waited.record.storable) variants.write(key, waited);
      return waited;
    } catch (thrown) {
      const error = asPictorError(thrown);
      failures.remember(failureName(order), error);
      throw error;
    } finally {
      leave();
    }
  }

  const hasBudget = ({ output: { format } }: ImageRequest): boolean =>
    parts.budgetMs > 0 && (format.negotiated ?? []).length > 0;

  return {
    isOfToday,
    failedElsewhere: (order, error) => failures.remember(failureName(order), error),
    async make(order) {
      try {
        return await makeOnce(order);
      } catch (thrown) {
        const variant = await handedOn(order.image, order.sourced, asPictorError(thrown));
        if (variant === null) throw thrown;
        return variant;
      }
    },
    async makeInIdle(order) {
      return variantOf(order, await parts.engine.transformInIdle(await jobOf(order), order.signal));
    },
  };
}
