import type { FormatDefinition } from '../core/format.ts';

/** Read only. */
export const bmp = {
  name: 'bmp',
  mediaTypes: ['image/bmp', 'image/x-ms-bmp'],
  extensions: ['bmp'],
  detectedAs: ['bmp'],
  read: { by: 'bmp' },
  holds: { alpha: true, animation: false, profile: false, highDepth: false },
  maxSide: 2_147_483_647,
} as const satisfies FormatDefinition;
