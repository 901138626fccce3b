/** Value in the middle; the mean of the two in the middle of an even number. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Value below which the share `p` of the numbers lies. */
export function percentile(numbers: readonly number[], p: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;
}

/** The part of a row that was measured in rounds: the median, and what it is the median of. */
export const ofRounds = (
  rounds: readonly number[],
): { readonly value: number; readonly rounds: readonly number[] } => ({
  value: median(rounds),
  rounds,
});

/** Contestants in the order of a round: each turn begins with another one, and every other one runs backwards. */
export function turnOf<Name>(names: readonly Name[], round: number): readonly Name[] {
  const from = (((round >> 1) % names.length) + names.length) % names.length;
  const turned = [...names.slice(from), ...names.slice(0, from)];
  return round % 2 === 0 ? turned : turned.toReversed();
}

/**
 * What one side is over the other, round by round: both were measured one after the other, so that a machine that changes
 * its pace changes both. Rounds in which one of them took no part are left out.
 */
export function ratios<Seen>(
  above: readonly (Seen | undefined)[],
  below: readonly (Seen | undefined)[],
  pick: (seen: Seen) => number,
): number[] {
  return above.flatMap((each, round) => {
    const other = below[round];
    return each === undefined || other === undefined ? [] : [pick(each) / pick(other)];
  });
}
