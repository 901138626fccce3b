import type { Rect, Size } from '../core/geometry.ts';
import type { PlannedStep, StepOf } from '../core/operation.ts';
import { areaBeforeTurn, composeTurns, isUpright, turnedSize } from '../operations/geometry/orientation.ts';

/** Size of the picture after a step. */
export function sizeAfter(step: PlannedStep, before: Size): Size {
  switch (step.step) {
    case 'orient':
      return turnedSize(before, step);
    case 'extract':
      return { width: step.area.width, height: step.area.height };
    case 'scale':
    case 'smart-crop':
    case 'embed':
      return step.size;
    case 'flatten':
    case 'blur':
    case 'sharpen':
    case 'pixelate':
    case 'watermark':
      return before;
  }
}

interface Source extends Size {
  /** False: nothing in the source is transparent. */
  readonly alpha: boolean;
}

/**
 * The same picture with less work. Every rewrite gives the same pixels (up to rounding of single values):
 * - what changes nothing is left out, neighbours that can be one step become one;
 * - transparency is removed at the start where possible, since sharp flattens before it resizes;
 * - turning waits until the picture is small: sharp cannot shrink a JPEG while loading it when it turns it first, and
 *   turning needs all pixels in memory.
 */
export function arrange(steps: readonly PlannedStep[], source: Source): readonly PlannedStep[] {
  return folded(withLateTurns(folded(withEarlyFlatten(steps, source), source), source), source);
}

function folded(steps: readonly PlannedStep[], source: Size): PlannedStep[] {
  const done: { step: PlannedStep; before: Size }[] = [];
  let size = source;
  for (const next of steps) {
    const last = done.at(-1);
    const merged = last === undefined ? null : merge(last.step, next);
    if (merged !== null) done.pop();
    const step = merged ?? next;
    const before = merged === null ? size : last!.before;
    if (changes(step, before)) done.push({ step, before });
    size = sizeAfter(next, size);
  }
  return done.map(({ step }) => step);
}

/** Two neighbours as one step, or null. */
function merge(first: PlannedStep, second: PlannedStep): PlannedStep | null {
  if (first.step === 'orient' && second.step === 'orient') {
    return { step: 'orient', ...composeTurns(first, second) };
  }
  if (first.step === 'extract' && second.step === 'extract') {
    const { left, top } = first.area;
    return {
      step: 'extract',
      area: { ...second.area, left: left + second.area.left, top: top + second.area.top },
    };
  }
  if (first.step === 'scale' && second.step === 'scale') return second;
  if (first.step === 'embed' && second.step === 'embed') return mergeEmbeds(first, second);
  return null;
}

function mergeEmbeds(first: StepOf<'embed'>, second: StepOf<'embed'>): PlannedStep | null {
  if (JSON.stringify(first.colour) !== JSON.stringify(second.colour)) return null;
  return { ...second, left: first.left + second.left, top: first.top + second.top };
}

function changes(step: PlannedStep, before: Size): boolean {
  if (step.step === 'orient') return !isUpright(step);
  if (step.step !== 'extract' && step.step !== 'scale' && step.step !== 'embed') return true;
  const after = sizeAfter(step, before);
  return after.width !== before.width || after.height !== before.height;
}

/**
 * Laying a picture onto a colour commutes with every step that mixes pixels linearly or moves them. It does not with
 * sharpening (not linear) and with smart crop (which looks at the transparency).
 */
function withEarlyFlatten(steps: readonly PlannedStep[], source: Source): PlannedStep[] {
  const done: PlannedStep[] = [];
  for (const step of steps) {
    if (step.step !== 'flatten') {
      done.push(step);
      continue;
    }
    let at = done.length;
    while (at > 0 && letsFlattenPass(done[at - 1]!)) {
      const passed = done[at - 1]!;
      if (passed.step === 'embed') {
        done[at - 1] = { ...passed, colour: passed.colour ?? step.colour };
      }
      at -= 1;
    }
    const isOpaque = at === 0 ? !source.alpha : done[at - 1]!.step === 'flatten';
    if (!isOpaque) done.splice(at, 0, step);
  }
  return done;
}

function letsFlattenPass(step: PlannedStep): boolean {
  if (step.step === 'embed') return (step.colour?.alpha ?? 1) === 1;
  return step.step !== 'flatten' && step.step !== 'sharpen' && step.step !== 'smart-crop';
}

/** Moves each turn behind the cut and the scale that follow it, up to the first scale. */
function withLateTurns(steps: readonly PlannedStep[], source: Size): PlannedStep[] {
  const list = [...steps];
  let size = source;
  for (let index = 0; index < list.length; index += 1) {
    const [turn, next] = [list[index]!, list[index + 1]];
    if (turn.step === 'orient' && (next?.step === 'extract' || next?.step === 'scale')) {
      list[index] = beforeTurn(next, size, turn);
      list[index + 1] = turn;
      if (next.step === 'scale') {
        // Small enough from here on; sharp can turn and cut after scaling in the same pass.
        size = sizeAfter(list[index]!, size);
        index += 1;
      }
    }
    size = sizeAfter(list[index]!, size);
  }
  return list;
}

function beforeTurn(
  step: StepOf<'extract'> | StepOf<'scale'>,
  size: Size,
  turn: StepOf<'orient'>,
): PlannedStep {
  if (step.step === 'scale') return { ...step, size: turnedSize(step.size, turn) };
  const area: Rect = areaBeforeTurn(step.area, size, turn);
  return { step: 'extract', area };
}
