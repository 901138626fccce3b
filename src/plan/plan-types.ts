import type { EncodeSpec } from '../core/format.ts';
import type { Size } from '../core/geometry.ts';
import type { PlannedStep } from '../core/operation.ts';

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
  /** What of the source's metadata survives. */
  readonly keep: { readonly metadata: boolean; readonly copyright: boolean; readonly profile: boolean; readonly highDepth: boolean };
}

/** Trimming needs pixels before geometry is known: the engine measures, then plans again with the box. */
export interface TrimQuestion {
  readonly threshold: number;
  /** sRGB of the border; absent: the colour of the top left pixel. */
  readonly colour?: { readonly r: number; readonly g: number; readonly b: number };
  readonly equalHorizontal: boolean;
  readonly equalVertical: boolean;
}

export type Planning = { readonly plan: Plan } | { readonly measure: TrimQuestion };
