/** Below this quality nothing is lowered any further. */
const lowest = 10;

/**
 * The next quality to try for a result that is too large, or null when there is none. Each round takes at least a quarter
 * off, so ten rounds are the most (imgproxy `saveImageToFitBytes`).
 */
export function lowerQuality(quality: number, bytes: number, maxBytes: number): number | null {
  if (bytes <= maxBytes || quality <= lowest) return null;
  const ratio = bytes / maxBytes;
  const share = ratio > 3 ? 0.25 : ratio > 1.5 ? 0.5 : 0.75;
  return Math.max(1, Math.min(quality - 1, Math.round(quality * share)));
}
