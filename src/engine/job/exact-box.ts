import type { Rect } from '../../core/geometry.ts';
import type { RawPixels } from './pixels.ts';

/** The smallest box around all pixels that are not exactly like the top left one; the whole picture when none is. */
export function exactBox({ data, width, height, channels }: RawPixels): Rect {
  const differs = (x: number, y: number): boolean => {
    const at = (y * width + x) * channels;
    for (let channel = 0; channel < channels; channel += 1)
      if (data[at + channel] !== data[channel]) return true;
    return false;
  };
  const rowDiffers = (y: number): boolean => {
    for (let x = 0; x < width; x += 1) if (differs(x, y)) return true;
    return false;
  };
  let top = 0;
  while (top < height && !rowDiffers(top)) top += 1;
  if (top === height) return { left: 0, top: 0, width, height };
  let bottom = height - 1;
  while (!rowDiffers(bottom)) bottom -= 1;
  const columnDiffers = (x: number): boolean => {
    for (let y = top; y <= bottom; y += 1) if (differs(x, y)) return true;
    return false;
  };
  let left = 0;
  while (!columnDiffers(left)) left += 1;
  let right = width - 1;
  while (!columnDiffers(right)) right -= 1;
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}
