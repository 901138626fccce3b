import * as z from 'zod';
import type { Rect, Size } from '../core/geometry.ts';
import type { Frame, OperationDefinition, PlannedStep } from '../core/operation.ts';
import { boxOf, cropRectangle, lengthOf, middleOf, reframing, smartWindow } from './geometry/reframing.ts';

/**
 * Cuts a part out and scales it into a box, both counted in pixels or in shares of the whole picture as it is before the
 * cut. That is why it is one operation: after a crop, a resize would not know what a share is of, nor how large the
 * picture was. Formulas and rounding are those of willnorris/imageproxy; see `geometry/reframing.ts`.
 */
export interface ReframeOperation {
  readonly op: 'reframe';
  /** Pixels from 1 on, a share of the whole below, rounded down. 0 or absent: follows from the other side. */
  readonly width?: number;
  readonly height?: number;
  /** With both sides: all of the picture inside the box, never larger than it is. Default: covers the box, centred. */
  readonly fit?: boolean;
  /** Allow results larger than the whole picture. Default false; a part of it may always grow up to that. */
  readonly enlarge?: boolean;
  /**
   * The part that is kept, in pixels or shares as above. `x`, `y` below 0 count from the right and the bottom; a size of 0:
   * all the rest. What lies outside of the picture is lost; where nothing is left, nothing is cut.
   */
  readonly crop?: {
    readonly x?: number;
    readonly y?: number;
    readonly width?: number;
    readonly height?: number;
  };
  /** Instead of `crop`, where a side is given: the most interesting part that has the shape of the box. */
  readonly smart?: boolean;
}

const length = () => z.number().min(0).max(1e6);
const place = () => z.number().min(-1e6).max(1e6);

export const reframe = {
  name: 'reframe',
  summary: 'Cuts a part out and scales it, in pixels or shares of the whole picture.',
  schema: () =>
    z.strictObject({
      op: z.literal('reframe'),
      width: length().exactOptional(),
      height: length().exactOptional(),
      fit: z.boolean().exactOptional(),
      enlarge: z.boolean().exactOptional(),
      crop: z
        .strictObject({
          x: place().exactOptional(),
          y: place().exactOptional(),
          width: length().exactOptional(),
          height: length().exactOptional(),
        })
        .exactOptional(),
      smart: z.boolean().exactOptional(),
    }),
  defaults: { width: 0, height: 0, fit: false, enlarge: false, smart: false },
  plan: (op, frame, facts) => {
    const window = windowOf(op, frame);
    if (window !== null && facts.measured === undefined && !isWhole(window, frame))
      return { measure: { find: 'subject', size: window }, before: [] };
    const part =
      window === null ? cropRectangle(op.crop ?? {}, frame) : { ...atStart, ...facts.measured, ...window };
    return scaledInto(op, frame, { steps: [extract(part)], size: part });
  },
} as const satisfies OperationDefinition<ReframeOperation>;

const extract = ({ left, top, width, height }: Rect): PlannedStep => ({
  step: 'extract',
  area: { left, top, width, height },
});

/** What a smart crop looks for; null where there is none. */
function windowOf({ smart = false, width = 0, height = 0 }: ReframeOperation, frame: Frame): Size | null {
  if (!smart) return null;
  const box = { width: lengthOf(width, frame.width), height: lengthOf(height, frame.height) };
  return box.width === 0 && box.height === 0 ? null : smartWindow(box, frame);
}

const atStart = { left: 0, top: 0 };

const isWhole = (window: Size, { width, height }: Frame): boolean =>
  window.width === width && window.height === height;

interface CutSoFar {
  readonly steps: readonly PlannedStep[];
  /** Size of what is left. */
  readonly size: Size;
}

/** Scales what was cut out; the box is counted in the whole picture. Steps that change nothing are left out by the plan. */
function scaledInto(op: ReframeOperation, frame: Frame, { steps, size }: CutSoFar) {
  const box = boxOf(op, frame);
  if (box === null) return { steps, frame: { ...frame, width: size.width, height: size.height } };
  const { before, scaled, after } = reframing(size, box, op.fit === true);
  const first = before === undefined ? [] : [extract(middleOf(size, before))];
  const last = after === undefined ? [] : [extract(middleOf(scaled, after))];
  const { width, height } = after === undefined ? scaled : middleOf(scaled, after);
  return {
    steps: [...steps, ...first, { step: 'scale', size: scaled } as const, ...last],
    frame: { ...frame, width, height },
  };
}
