import type { EncodeSpec } from '../core/format.ts';
import type { Orientation, Size } from '../core/geometry.ts';
import type { Measurement, PlannedStep } from '../core/operation.ts';

export interface DecodeHints {
  /** Frames to decode: 1 for a still. */
  readonly frames: number;
}

/** Exactly what the engine will do to this very picture. */
export interface Plan {
  readonly decode: DecodeHints;
  readonly steps: readonly PlannedStep[];
  /** Size of one result frame. */
  readonly result: Size & { readonly frames: number };
  readonly encode: EncodeSpec;
  /** EXIF orientation the result must carry where metadata is kept: 1 unless the request left turning to the viewer. */
  readonly orientation: Orientation;
  /** What of the source's metadata survives. */
  readonly keep: {
    readonly metadata: boolean;
    readonly copyright: boolean;
    readonly profile: boolean;
    readonly highDepth: boolean;
  };
  /** The quality is lowered until the result has at most this many bytes (see `lowerQuality`). */
  readonly maxBytes?: number;
}

/**
 * What planning comes to. Where only pixels can tell (trim, smart crop of an animation) it is a question: the engine
 * runs the steps in `before`, measures, adds the answer to its list and plans again.
 */
export type Planning =
  | { readonly plan: Plan }
  | { readonly measure: Measurement; readonly before: readonly PlannedStep[] };
