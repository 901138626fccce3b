import { asPictorError, type ErrorCode, PictorError } from '../core/errors.ts';
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
import type { Shared } from './shared-decodes.ts';
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

/** Ends of a worker that say nothing about a picture that was not its only work. */
const takesTooMuch: ReadonlySet<ErrorCode> = new Set(['TIMEOUT', 'WORKER_CRASHED', 'WORKER_MEMORY']);

const never = new AbortController().signal;

/** One picture to make, of originals at hand. */
export interface PictureOrder {
  readonly image: ImageRequest;
  /** The variant's key. */
  readonly key: string;
  readonly sourced: Sourced;
  /** What had been written when the variant was looked for (`KeptVariants.writes`). */
  readonly looked: number;
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
  makeInIdle(order: Omit<PictureOrder, 'looked'>): Promise<Variant>;
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
    const { key, sourced } = order;
    const remembered = failures.recall(failureName(order));
    if (remembered !== null) throw remembered;
    const written = variants.beingWritten(key, sourced.version);
    if (written !== null) return written;
    const made = variants.mayHaveCome(key, order.looked) ? await madeMeanwhile(order) : null;
    return made ?? slow.get(slowName(order)) ?? transformInTurn(order);
  }

  /** Made while this request was on its way to its sources: the run it would have joined has just ended. */
  async function madeMeanwhile({ image, key, sourced }: PictureOrder): Promise<Variant | null> {
    const made = await variants.find(key);
    if (made === null || asRecord(made.meta).version !== sourced.version || !isOfToday(made, image))
      return null;
    return { record: asRecord(made.meta), body: made.body, timings: sourced.timings };
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

  const jobOf = ({ image, sourced }: Pick<PictureOrder, 'image' | 'sourced'>): TransformJob => ({
    request: image,
    inputs: Object.fromEntries(sourced.originals.map((original) => [original.uri, original.input])),
    limits: parts.limits,
  });

  function variantOf(
    { image, sourced }: Pick<PictureOrder, 'image' | 'sourced'>,
    made: TransformResult,
  ): Variant {
    const type = typeToCheck(image, sourced, made);
    const facts = type === null ? made : { ...made, declaredType: type };
    const record = recordOf(sourced, facts, boundedBy(made.source, limitsOf(image, parts.limits)));
    const { decodeMs: decode, encodeMs: encode } = made.timings;
    const spent = encode > 0 ? { decode, encode } : { transform: decode };
    return { record, body: made.bytes, timings: { ...sourced.timings, ...spent } };
  }

  /** Decodes, transforms and encodes behind the process gate, together with others of the same original. */
  async function transform(order: PictureOrder): Promise<Variant | PassedOver> {
    const { image, sourced, signal } = order;
    const asked = parts.now();
    const shared = parts.mezzanines.join(sourced.originals[0]!, image);
    try {
      const leave = await enterWithin(parts, signal, shared.take);
      try {
        return await transformAtGate(order, shared, parts.now() - asked);
      } finally {
        leave();
      }
    } finally {
      shared.leave();
    }
  }

  async function transformAtGate(
    order: PictureOrder,
    shared: Shared,
    processWait: number,
  ): Promise<Variant | PassedOver> {
    try {
      if (order.signal.aborted) throw new PictorError('CANCELLED');
      const made = await produce(order, await shared.begin());
      shared.made(made);
      if ('passedOver' in made) {
        slow.set(slowName(order), made);
        return made;
      }
      const { timings, ...variant } = variantOf(order, made);
      const waited: Variant = { ...variant, timings: { ...timings, processWait } };
      if (waited.record.storable) variants.write(order.key, waited);
      return waited;
    } catch (thrown) {
      const error = asPictorError(thrown);
      failures.remember(failureName(order), error);
      throw error;
    }
  }

  async function produce(
    order: PictureOrder,
    mezzanines: Pick<TransformJob, 'mezzanines' | 'mezzaninesInto'>,
  ): Promise<TransformResult | PassedOver> {
    const { image, signal } = order;
    const run = (job: TransformJob, until: AbortSignal) =>
      hasBudget(image)
        ? parts.engine.transformWithin({ ...job, budgetMs: parts.budgetMs }, until)
        : parts.engine.transform(job, until);
    const job = jobOf(order);
    if (mezzanines.mezzaninesInto === undefined) return run({ ...job, ...mezzanines }, signal);
    try {
      // Others wait for what it makes on the way: it goes on when its own client leaves.
      return await run({ ...job, ...mezzanines }, never);
    } catch (thrown) {
      if (!takesTooMuch.has(asPictorError(thrown).code)) throw thrown;
      // The picture alone may need less.
      return run(job, signal);
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
      const { image, sourced, signal } = order;
      const mezzanines = await parts.mezzanines.find(sourced.originals[0]!, image);
      return variantOf(order, await parts.engine.transformInIdle({ ...jobOf(order), mezzanines }, signal));
    },
  };
}
