import type { EncodeSpec } from '../../core/format.ts';

/** Milliseconds a frame is shown where the source does not say: 25 frames per second, as imgproxy has it. */
const usualDelay = 40;

/** Delays and repeats as sharp's encoders take them; nothing for a still. */
export function animationOf({ frames, delays = [], loop = 0 }: EncodeSpec): {
  delay?: number[];
  loop?: number;
} {
  if (frames === 1) return {};
  return { delay: Array.from({ length: frames }, (_, index) => delays[index] ?? usualDelay), loop };
}
