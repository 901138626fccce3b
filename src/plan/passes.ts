import type { Size } from '../core/geometry.ts';
import type { Place, PlannedStep, StepName, StepRenderer } from '../core/operation.ts';
import { rendererOf } from '../operations/render/renderer-of.ts';
import { sizeAfter } from './steps.ts';

export interface PlacedStep {
  readonly step: PlannedStep;
  /** Size of the picture (of one frame) when the step begins. */
  readonly before: Size;
}

/** Steps that one sharp chain does, in this order; or the one step that is a loop over pixels. */
export interface Pass {
  readonly steps: readonly PlacedStep[];
  /** Size of the picture (of one frame) when the pass begins. */
  readonly size: Size;
  /** And when it is done. */
  readonly result: Size;
  /** The frames of the animation must go through one by one; never true of the first pass, nor of a still. */
  readonly frameByFrame: boolean;
}

/**
 * Groups steps into as few passes as sharp's fixed order of work allows. There is always a first pass, maybe without
 * steps: it decodes.
 */
export function groupPasses(steps: readonly PlannedStep[], source: Size, frames: number): readonly Pass[] {
  const passes: OpenPass[] = [openPass(source, false)];
  let size = source;
  let done = -1;
  for (const step of steps) {
    let pass = passes.at(-1)!;
    const renderer = rendererOf(step);
    // Once taken apart, frames stay so.
    const frameByFrame = pass.frameByFrame || (frames > 1 && takesFramesApart(renderer, step));
    let place = pass.frameByFrame === frameByFrame ? placeIn(pass.steps, step, done) : undefined;
    if (place === undefined) {
      pass = openPass(size, frameByFrame);
      passes.push(pass);
      place = placeIn([], step, -1) ?? wholePass;
    }
    pass.steps.push({ step, before: size });
    done = place.to ?? place.from;
    size = sizeAfter(step, size);
    pass.result = size;
  }
  return passes;
}

interface OpenPass extends Pass {
  readonly steps: PlacedStep[];
  result: Size;
}

const openPass = (size: Size, frameByFrame: boolean): OpenPass => ({
  steps: [],
  size,
  result: size,
  frameByFrame,
});

/** What is done over pixels finds no place in a chain: neither behind other steps nor before them. */
const wholePass: Place = { from: Number.POSITIVE_INFINITY };

const takesFramesApart = (renderer: StepRenderer<StepName>, step: PlannedStep): boolean =>
  'render' in renderer && (renderer.frameByFrame?.(step) ?? false);

function placeIn(pass: readonly PlacedStep[], step: PlannedStep, done: number): Place | undefined {
  const renderer = rendererOf(step);
  if ('renderPixels' in renderer) return undefined;
  const { places, repeats = false } = renderer;
  const present = pass.map((each) => each.step.step);
  if (!repeats && present.includes(step.step)) return undefined;
  return places.find(
    (place) => place.from > done && (place.with?.some((name) => present.includes(name)) ?? true),
  );
}
