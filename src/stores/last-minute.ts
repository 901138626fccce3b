/**
 * Of files by the minute of their last use: the one up to which all have to go, so that as much is won as is wanted.
 * @param byMinute bytes
 */
export function lastMinute(wanted: number, byMinute: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const [minute, size] of [...byMinute].toSorted(([a], [b]) => a - b)) {
    sum += size;
    if (sum >= wanted) return minute;
  }
  return Number.POSITIVE_INFINITY;
}
