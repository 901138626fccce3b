import type { FormatDefinition } from '../core/format.ts';

/** Read only: HEVC encoders are patent-encumbered and only one browser shows HEIC. */
export const heic = {
  name: 'heic',
  mediaTypes: ['image/heic', 'image/heif'],
  extensions: ['heic', 'heif'],
  detectedAs: ['heic', 'heif'],
  read: { by: 'heif' },
  holds: { alpha: true, animation: false, profile: true, highDepth: true },
  maxSide: 16_384,
} as const satisfies FormatDefinition;
