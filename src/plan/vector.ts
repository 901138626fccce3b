import type { Size } from '../core/geometry.ts';
import type { ImageLimits } from '../core/image-info.ts';
import type { PlannedStep } from '../core/operation.ts';

/**
 * A vector image that is cut and then enlarged would be drawn small and blown up. Drawn large and then cut it stays sharp,
 * as long as the large drawing keeps to the bounds.
 */
export function sharpVector(
  steps: readonly PlannedStep[],
  source: Size,
  limits: ImageLimits,
): readonly PlannedStep[] {
  if (steps[0]?.step === 'flatten') return [steps[0], ...sharpVector(steps.slice(1), source, limits)];
  const [cut, scale, ...rest] = steps;
  if (cut?.step !== 'extract' || scale?.step !== 'scale') return steps;
  const { area } = cut;
  const x = scale.size.width / area.width;
  const y = scale.size.height / area.height;
  const whole = { width: Math.round(source.width * x), height: Math.round(source.height * y) };
  if ((x <= 1 && y <= 1) || isTooLarge(whole, limits)) return steps;
  return [
    { step: 'scale', size: whole },
    {
      step: 'extract',
      area: {
        left: Math.min(Math.round(area.left * x), whole.width - scale.size.width),
        top: Math.min(Math.round(area.top * y), whole.height - scale.size.height),
        ...scale.size,
      },
    },
    ...rest,
  ];
}

/**
 * A drawing has no size of its own that the engine could rely on: it always says first how large to draw, as the file of
 * a raster image does by itself.
 */
export function drawnFirst(steps: readonly PlannedStep[], { width, height }: Size): readonly PlannedStep[] {
  const first = steps.find(({ step }) => step !== 'flatten');
  if (first?.step === 'scale') return steps;
  return [{ step: 'scale', size: { width, height } }, ...steps];
}

/** Side of the largest drawing (cairo). */
const largestSide = 32_767;

function isTooLarge({ width, height }: Size, { maxSide, maxPixels }: ImageLimits): boolean {
  return (
    Math.max(width, height) > (maxSide === 0 ? largestSide : Math.min(maxSide, largestSide)) ||
    (maxPixels > 0 && width * height > maxPixels)
  );
}
