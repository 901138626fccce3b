import * as z from 'zod';
import type { FormatDefinition } from '../core/format.ts';

/** Written only where the operator has installed an encoder: those for HEVC are patent-encumbered, and only Safari shows HEIC. */
export const heic = {
  name: 'heic',
  // The general name goes first, as imgproxy sends it.
  mediaTypes: ['image/heif', 'image/heic'],
  extensions: ['heic', 'heif'],
  detectedAs: ['heic', 'heif'],
  read: { by: 'codec' },
  holds: { alpha: true, animation: false, profile: true, highDepth: false },
  maxSide: 16_384,
  write: {
    by: 'codec',
    needs: { program: 'heifEncoder' },
    usesQuality: true,
    quality: 80,
    defaults: {},
    options: () => z.strictObject({}),
  },
} as const satisfies FormatDefinition;
