import { formats } from '../formats/index.gen.ts';
import type { OutputSpec } from '../request/image-request.ts';

/**
 * Whether the original itself is the answer: its format is one of `untouched` and the request names no other, or SVG is
 * asked for and there. What the client would like better (`negotiated`) does not count (imgproxy).
 */
export function isHandedOver({ format: { exact }, untouched = [] }: OutputSpec, source: string): boolean {
  if (exact !== undefined && exact !== source) return false;
  return untouched.includes(source) || (exact !== undefined && source === formats.svg.name);
}
