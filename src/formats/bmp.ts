import * as z from 'zod';
import type { FormatDefinition } from '../core/format.ts';

export const bmp = {
  name: 'bmp',
  mediaTypes: ['image/bmp', 'image/x-ms-bmp'],
  extensions: ['bmp'],
  detectedAs: ['bmp'],
  read: { by: 'codec' },
  holds: { alpha: true, animation: false, profile: false, highDepth: false },
  // Of the header; sizes of whole files are 32-bit numbers too, which the codec watches.
  maxSide: 2_147_483_647,
  write: { by: 'codec', usesQuality: false, quality: 100, defaults: {}, options: () => z.strictObject({}) },
} as const satisfies FormatDefinition;
