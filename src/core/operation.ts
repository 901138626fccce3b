import type { Sharp } from 'sharp';
import type { ZodType } from 'zod';
import type { Colour, Gravity, Rect, Size } from './geometry.ts';
import type { ImageInfo } from './image-info.ts';

/**
 * An operation is something a URL asks for ("resize to fit 300×300"). Planning turns it into steps, which are exact:
 * every number is a pixel of this very picture. Steps are the few things the engine can do.
 */
export type PlannedStep =
  /** Turns and mirrors: first mirror left-right if `mirror`, then turn clockwise. Covers EXIF 1..8, rotate and flip. */
  | { readonly step: 'orient'; readonly mirror: boolean; readonly turn: 0 | 90 | 180 | 270 }
  | { readonly step: 'extract'; readonly area: Rect }
  /** Resamples to exactly this size (aspect ratio was settled by the plan). */
  | { readonly step: 'scale'; readonly size: Size }
  /** Cuts a window of this size out where libvips finds the most interesting part. */
  | { readonly step: 'smart-crop'; readonly size: Size; readonly strategy: 'attention' | 'entropy' }
  /** Puts the picture on a larger canvas at `left`, `top`. Transparent when no colour is given. */
  | { readonly step: 'embed'; readonly size: Size; readonly left: number; readonly top: number; readonly colour?: Colour }
  | { readonly step: 'flatten'; readonly colour: Colour }
  | { readonly step: 'blur'; readonly sigma: number }
  | { readonly step: 'sharpen'; readonly sigma: number }
  | { readonly step: 'pixelate'; readonly size: number }
  | {
      readonly step: 'watermark';
      /** URI of the mark; the job carries its bytes or path under this name. */
      readonly source: string;
      readonly opacity: number;
      readonly placement: WatermarkPlacement;
    };

export interface WatermarkPlacement {
  /** `tile`: repeated over the whole picture, `x`, `y` are the gaps. */
  readonly gravity: Gravity | 'tile';
  /** Share of the picture the mark is fitted into; absent: natural size. */
  readonly scale?: number;
  /** Offsets are multiplied by this (the effective dpr). */
  readonly factor: number;
  readonly x?: number;
  readonly y?: number;
}

export type StepName = PlannedStep['step'];
export type StepOf<N extends StepName> = Extract<PlannedStep, { step: N }>;

/** What planning knows of the picture between two operations. Plain and never changed in place. */
export interface Frame extends Size {
  /** True when the picture has, or may have got, transparent parts. */
  readonly alpha: boolean;
  /** Factor that absolute lengths (padding, offsets) are multiplied by; set by resize from its dpr. */
  readonly factor: number;
  /** The box the last resize aimed at (after zoom and dpr); extend fills it. 0: that side was free. */
  readonly target?: Size;
}

export interface PlanFacts {
  readonly info: ImageInfo;
  /** Result must fit this side, everything shrinks together (second planning run); 1 otherwise. */
  readonly shrink: number;
}

export interface PlannedOperation {
  readonly steps: readonly PlannedStep[];
  readonly frame: Frame;
}

/**
 * One operation: one file in `operations/`.
 * @typeParam Op its plain form, `{ op: name, … }`; absent fields mean the default and are left out of the canonical text.
 */
export interface OperationDefinition<Op extends { readonly op: string }, Step extends StepName = StepName> {
  readonly name: Op['op'];
  /** One sentence for the reference page. */
  readonly summary: string;
  /** Refuses what a caller outside our dialects may hand in. */
  readonly schema: ZodType<Op>;
  /** Pure half. @throws PictorError OPERATION_IMPOSSIBLE */
  plan(op: Op, frame: Frame, facts: PlanFacts): PlannedOperation;
  /** Sources this operation needs besides the picture itself. */
  sources?(op: Op): readonly string[];
  /** The steps this file can render; other files may plan them too. */
  readonly renders?: { readonly [N in Step]?: StepRenderer<N> };
}

/** Adds a step to a sharp chain. Only called by the engine. */
export interface StepRenderer<N extends StepName> {
  /**
   * Places in sharp's fixed order of work where this step happens. The engine starts a new pass over raw pixels when a
   * step's stage is not after the one before it.
   */
  readonly stage: number;
  render(chain: Sharp, step: StepOf<N>, inputs: StepInputs): Sharp | Promise<Sharp>;
}

export interface StepInputs {
  /** Size of the picture when the step begins. */
  readonly size: Size;
  /** Watermarks: path or bytes by URI. */
  readonly sources: Readonly<Record<string, string | Uint8Array>>;
}
