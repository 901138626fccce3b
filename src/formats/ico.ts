import * as z from 'zod';
import type { FormatDefinition } from '../core/format.ts';

/** Windows icon: written as one PNG in its directory, read as its largest entry. */
export const ico = {
  name: 'ico',
  mediaTypes: ['image/x-icon', 'image/vnd.microsoft.icon'],
  extensions: ['ico'],
  detectedAs: ['ico'],
  read: { by: 'codec' },
  holds: { alpha: true, animation: false, profile: false, highDepth: false },
  // A byte in the directory, where 0 means 256.
  maxSide: 256,
  write: { by: 'codec', usesQuality: false, quality: 100, defaults: {}, options: () => z.strictObject({}) },
} as const satisfies FormatDefinition;
