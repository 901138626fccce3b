import { type ErrorCode, PictorError } from '../core/errors.ts';
import type { ImageInfo, ImageLimits } from '../core/image-info.ts';
import type {
  BudgetedJob,
  Mezzanine,
  ReduceOrder,
  TransformJob,
  TransformResult,
} from '../plan/engine-port.ts';
import type { PassedOver } from '../plan/within-budget.ts';
import type { EncoderTools } from './codec.ts';

/** What is said over the channel between the server and a worker. Plain values only (structured clone). */

export type JobInputRef = { readonly path: string } | { readonly bytes: Uint8Array };

/** One thing a worker can do. */
export type Work =
  | { readonly type: 'transform'; readonly job: TransformJob | BudgetedJob; readonly tools: EncoderTools }
  | { readonly type: 'inspect'; readonly input: JobInputRef; readonly limits: ImageLimits }
  | ({ readonly type: 'reduce' } & ReduceOrder);

/** The answer to a `Work` of the same type. */
export type WorkResult = TransformResult | PassedOver | ImageInfo | readonly Mezzanine[];

export interface ToWorker {
  readonly id: number;
  readonly work: Work;
}

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'memory'; readonly rss: number }
  | { readonly type: 'done'; readonly id: number; readonly result: WorkResult; readonly rss: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: WireError; readonly rss: number };

/** A `PictorError` without what cannot travel. */
export interface WireError {
  readonly code: ErrorCode;
  readonly detail?: string;
}

export function toWireError(error: PictorError): WireError {
  return error.detail === undefined ? { code: error.code } : { code: error.code, detail: error.detail };
}

export function fromWireError(error: WireError): PictorError {
  return new PictorError(error.code, error.detail === undefined ? {} : { detail: error.detail });
}
