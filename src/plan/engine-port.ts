import type { NewFile } from '../core/bucket.ts';
import type { Size } from '../core/geometry.ts';
import type { ImageInfo, ImageLimits } from '../core/image-info.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { PassedOver } from './within-budget.ts';

export interface TransformJob {
  readonly request: ImageRequest;
  /** The original and every further source (watermarks) by URI: a path where one exists, else bytes. */
  readonly inputs: Readonly<Record<string, { readonly path: string } | { readonly bytes: Uint8Array }>>;
  readonly limits: ImageLimits;
  /** Of the original, the largest first, where there are any; whether one is used is for the engine to decide. */
  readonly mezzanines?: readonly Mezzanine[];
  /**
   * Files for mezzanines that are to be made on the way, `mostMezzanines` of them: then the original is decoded once for them
   * and the picture. Made where there are to be any and this picture can be made of them. Only ever names that we chose.
   */
  readonly mezzaninesInto?: readonly string[];
  /** Where to write the result, which then comes without its bytes. Only ever a name that we chose. */
  readonly into?: NewFile;
}

export interface BudgetedJob extends TransformJob {
  /** CPU milliseconds. */
  readonly budgetMs: number;
}

/** An original of which the mezzanines are wanted. */
export interface ReduceOrder {
  readonly input: { readonly path: string } | { readonly bytes: Uint8Array };
  readonly limits: ImageLimits;
  /** Files for them, `mostMezzanines` of them; the caller removes them. Only ever names that we chose. */
  readonly into: readonly string[];
}

/** A smaller copy of an original as plain pixels in sRGB, lying as the original lies (see `mezzanine.ts`). */
export interface Mezzanine extends Size {
  readonly path: string;
}

export interface TransformResult {
  /** Empty where the job says `into`. */
  readonly bytes: Uint8Array;
  /** Bytes that were written there. */
  readonly written?: number;
  readonly format: string;
  readonly mediaType: string;
  readonly width: number;
  /** Of one frame. */
  readonly height: number;
  readonly frames: number;
  /** Facts of the original. */
  readonly source: ImageInfo;
  /** Decoding with resizing, and encoding. `encodeMs` is 0 where both ran as one stream. */
  readonly timings: { readonly decodeMs: number; readonly encodeMs: number };
  /** True: made of a mezzanine that was there, so that the original was not decoded. */
  readonly reused?: true;
  /** Those that were made on the way, the largest first. */
  readonly mezzanines?: readonly Mezzanine[];
}

/**
 * Runs transforms outside the main process. Admission (how many at once) is the caller's business; a job handed in
 * starts as soon as a worker is free.
 * @throws PictorError IMAGE_*, FORMAT_UNSUPPORTED, OPERATION_IMPOSSIBLE, TIMEOUT, WORKER_CRASHED, WORKER_MEMORY, CANCELLED
 */
export interface Engine {
  transform(job: TransformJob, signal: AbortSignal): Promise<TransformResult>;
  /** As `transform`, unless a negotiated format takes longer than the budget (see `planWithin`): then nothing is made. */
  transformWithin(job: BudgetedJob, signal: AbortSignal): Promise<TransformResult | PassedOver>;
  /**
   * As `transform`, for work that nobody waits for: in a worker of its own with the lowest priority, which is started for it
   * and ends when there is nothing more to do.
   */
  transformInIdle(job: TransformJob, signal: AbortSignal): Promise<TransformResult>;
  /** Header facts only. */
  inspect(
    input: { readonly path: string } | { readonly bytes: Uint8Array },
    limits: ImageLimits,
  ): Promise<ImageInfo>;
  /** Makes the mezzanines of an original, the largest first. Empty: none are worth having. */
  reduce(order: ReduceOrder): Promise<readonly Mezzanine[]>;
  readonly stats: () => EngineStats;
  close(): Promise<void>;
}

export interface EngineStats {
  readonly workers: number;
  readonly busy: number;
  /** Totals since start. */
  readonly started: number;
  readonly crashed: number;
  readonly timedOut: number;
  readonly recycled: number;
  /** Resident bytes of all workers, where the platform tells. */
  readonly rssBytes: number;
}
