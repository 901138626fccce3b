import type { Gravity, Rect, Size } from '../../core/geometry.ts';
import type { MeasureFirst, PlanFacts, PlannedStep } from '../../core/operation.ts';
import { placeWindow } from './gravity.ts';

interface CutQuestion {
  readonly size: Size;
  readonly window: Size;
  readonly gravity: Gravity;
  /** Pixel offsets are multiplied by this. */
  readonly factor: number;
  /** Steps of the same operation that come first. */
  readonly before: readonly PlannedStep[];
}

/** Steps that cut the window out, `before` included. A smart cut of an animation is a question: one window for all frames. */
export function planCut(question: CutQuestion, facts: PlanFacts): readonly PlannedStep[] | MeasureFirst {
  const { size, window, gravity, factor, before } = question;
  if (window.width >= size.width && window.height >= size.height) return before;
  if (gravity.type !== 'smart') {
    return [...before, extract(placeWindow({ outer: size, inner: window, gravity, factor }), window)];
  }
  const { strategy } = gravity;
  if (facts.info.frames === 1) return [...before, { step: 'smart-crop', size: window, strategy }];
  if (facts.measured !== undefined) return [...before, extract(facts.measured, window)];
  return { measure: { find: 'window', size: window, strategy }, before };
}

const extract = ({ left, top }: Omit<Rect, keyof Size>, { width, height }: Size): PlannedStep => ({
  step: 'extract',
  area: { left, top, width, height },
});
