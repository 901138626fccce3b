/**
 * Ways to round a length. Older servers differ by a pixel here, and their users compare pixels, so every formula names
 * the rounding it means.
 */

/** Half away from zero: 0.5 → 1, -0.5 → -1 (Go `math.Round`). Not `Math.round`: that takes -0.5 to 0. */
export function roundHalfAway(value: number): number {
  const whole = Math.trunc(value);
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole;
}

/** Half to the even neighbour: 0.5 → 0, 1.5 → 2 (Go `math.RoundToEven`, the default of IEEE 754). */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** `n · k`, half away from zero; 0 stays 0, which everywhere means "not given". */
export const scaleHalfAway = (n: number, k: number): number => (n === 0 ? 0 : roundHalfAway(n * k));

/** `n · k`, half to even; 0 stays 0. */
export const scaleHalfEven = (n: number, k: number): number => (n === 0 ? 0 : roundHalfEven(n * k));

/** The smaller of two lengths, where 0 means "not given" and leaves the other one. */
export const minGiven = (a: number, b: number): number => (a === 0 ? b : b === 0 ? a : Math.min(a, b));
