import type { Colour } from '../../core/geometry.ts';

/** `ffddee` or `fed`, without a sign before it; null for anything else. */
export function readHexColour(text: string): Colour | null {
  if (!/^([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text)) return null;
  const wide = text.length === 6 ? text : text.replace(/./g, '$&$&');
  const value = Number.parseInt(wide, 16);
  return { r: value >> 16, g: (value >> 8) & 255, b: value & 255 };
}

/** Six hexadecimal digits. */
export const hexColour = ({ r, g, b }: Colour): string =>
  ((r << 16) | (g << 8) | b).toString(16).padStart(6, '0');
