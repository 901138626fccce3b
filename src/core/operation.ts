import type { Sharp } from 'sharp';
import type { ZodType } from 'zod';
import type { Colour, Orientation, PlacedGravity, Rect, Size } from './geometry.ts';
import type { ImageInfo } from './image-info.ts';

/**
 * An operation is something a URL asks for ("resize to fit 300×300"). Planning turns it into steps, which are exact:
 * every number is a pixel of this very picture. Steps are the few things the engine can do.
 */
export type PlannedStep =
  /** Turns and mirrors: first mirror left-right if `mirror`, then turn clockwise. Covers EXIF 1..8, rotate and flip. */
  | { readonly step: 'orient'; readonly mirror: boolean; readonly turn: 0 | 90 | 180 | 270 }
  | { readonly step: 'extract'; readonly area: Rect }
  /** Resamples to exactly this size (aspect ratio was settled by the plan) by Lanczos3. */
  | { readonly step: 'scale'; readonly size: Size }
  /** Cuts a window of this size out where libvips finds the most interesting part. */
  | { readonly step: 'smart-crop'; readonly size: Size; readonly strategy: 'attention' | 'entropy' }
  /** Puts the picture on a larger canvas at `left`, `top`. The rest is the colour, or transparent. */
  | {
      readonly step: 'embed';
      readonly size: Size;
      readonly left: number;
      readonly top: number;
      readonly colour?: Colour;
    }
  | { readonly step: 'flatten'; readonly colour: Colour }
  | { readonly step: 'blur'; readonly sigma: number }
  | { readonly step: 'sharpen'; readonly sigma: number }
  /** Each square of this many pixels a side, from the top left corner on, becomes one colour. */
  | { readonly step: 'pixelate'; readonly side: number }
  | {
      readonly step: 'watermark';
      /** URI of the mark; the job carries its bytes or path under this name. */
      readonly source: string;
      readonly opacity: number;
      readonly placement: WatermarkPlacement;
    };

export interface WatermarkPlacement {
  /** `tile`: repeated over the whole picture, `x`, `y` are the gaps. */
  readonly gravity: PlacedGravity | 'tile';
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
  /** EXIF orientation that is still to be applied; 1 once `auto-orient` has run. */
  readonly orientation: Orientation;
  /** The box the last resize aimed at (after zoom and dpr); extend fills it. 0: that side was free. */
  readonly target?: Size;
}

export interface PlanFacts {
  readonly info: ImageInfo;
  /** Factor by which a resize shrinks its result and lowers its dpr, so that all fits a bound; 1: as asked. */
  readonly shrink: number;
  /** The engine's answer, when this operation asked for a measurement before. */
  readonly measured?: Rect;
}

/**
 * What only pixels can tell. The answer is a rectangle of the picture as it is when the operation begins.
 * - content: the bounding box of what differs from the border by more than `threshold` (largest channel difference,
 *   0..255, in sRGB, transparency over magenta); the whole picture when nothing does. Without a colour the border is
 *   the top left pixel.
 * - window: the most interesting part of this size, found by libvips in the first frame.
 * - subject: the same, found by detail, skin and colours in the first frame.
 */
export type Measurement =
  | {
      readonly find: 'content';
      readonly threshold: number;
      readonly colour?: Colour;
      /** True: every pixel counts that is not like the top left one, transparency included; `threshold` and `colour` do not. */
      readonly exact?: true;
    }
  | { readonly find: 'window'; readonly size: Size; readonly strategy: 'attention' | 'entropy' }
  | { readonly find: 'subject'; readonly size: Size };

export interface PlannedOperation {
  readonly steps: readonly PlannedStep[];
  readonly frame: Frame;
}

/** An operation that cannot be planned yet: measure after `before` (its own first steps), then ask it again. */
export interface MeasureFirst {
  readonly measure: Measurement;
  readonly before: readonly PlannedStep[];
}

/**
 * One operation: one file in `operations/`.
 * @typeParam Op its plain form, `{ op: name, … }`; absent fields mean the default and are left out of the canonical text.
 */
export interface OperationDefinition<Op extends { readonly op: string }, Step extends StepName = StepName> {
  readonly name: Op['op'];
  /** One sentence for the reference page. */
  readonly summary: string;
  /** Refuses what a caller outside our dialects may hand in. Built when asked for: a server that reads URLs never does. */
  schema(): ZodType<Op>;
  /** What absent fields mean. A field with this value is left out of the canonical text. */
  readonly defaults: Omit<Partial<Op>, 'op'>;
  /** Pure half. @throws PictorError OPERATION_IMPOSSIBLE */
  plan(op: Op, frame: Frame, facts: PlanFacts): PlannedOperation | MeasureFirst;
  /** Sources this operation needs besides the picture itself. */
  sources?(op: Op): readonly string[];
  /** The steps this file can render; other files may plan them too. */
  readonly renders?: { readonly [N in Step]?: StepRenderer<N> };
}

/**
 * A stretch of sharp's fixed order of work. Within one chain (a pass) steps take places in rising order; where that is
 * not possible a new pass over raw pixels starts.
 */
export interface Place {
  readonly from: number;
  /** Where the step is done; `from` when absent. */
  readonly to?: number;
  /** The place exists only in a chain that already holds one of these. */
  readonly with?: readonly StepName[];
}

/** How a step is done: by sharp, or by a loop over pixels where sharp has no word for it. */
export type StepRenderer<N extends StepName> = ChainRenderer<N> | PixelRenderer<N>;

/** Pixels of one frame, rows from the top without padding: 1 grey, 2 grey and alpha, 3 colours, 4 colours and alpha. */
export interface FramePixels extends Size {
  readonly data: Uint8Array | Uint16Array;
  readonly channels: 1 | 2 | 3 | 4;
}

/** Makes a step's pixels out of others. Only called by the engine, frame by frame. */
export interface PixelRenderer<N extends StepName> {
  /** The values of a picture of the size after the step, as deep and with as many channels; what it is handed stays as it is. */
  renderPixels(frame: FramePixels, step: StepOf<N>): FramePixels['data'];
}

/** Adds a step to a sharp chain. Only called by the engine. */
export interface ChainRenderer<N extends StepName> {
  /** Where in sharp's fixed order of work this step can happen, first choice first (`operations/render/places.ts`). */
  readonly places: readonly Place[];
  /** A chain holds one step of a kind, unless it may stand in each of its places once. */
  readonly repeats?: boolean;
  /** True where the frames of an animation, stacked in one tall picture as sharp has them, must be rendered one by one. */
  frameByFrame?(step: StepOf<N>): boolean;
  render(chain: Sharp, step: StepOf<N>, inputs: StepInputs): Sharp | Promise<Sharp>;
}

export interface StepInputs {
  /** Size of the picture (of one frame) when the step begins. */
  readonly size: Size;
  /** Frames stacked in this chain; 1 for a still and when rendered frame by frame. */
  readonly frames: number;
  /** True while the pixels have no colour channels, only grey: then sharp would also make any colour laid under them grey. */
  readonly grey: boolean;
  /**
   * Opens a further source of the job by its URI, first frame, upright, in sRGB, under the same guards as the original.
   * @throws PictorError IMAGE_*
   */
  open(uri: string): Sharp | Promise<Sharp>;
}
