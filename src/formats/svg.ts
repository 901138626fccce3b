import type { FormatDefinition } from '../core/format.ts';

/** Read only: drawn into pixels. */
export const svg = {
  name: 'svg',
  mediaTypes: ['image/svg+xml'],
  extensions: ['svg'],
  detectedAs: [],
  read: { by: 'libvips', loaders: ['VipsForeignLoadSvg'] },
  holds: { alpha: true, animation: false, profile: false, highDepth: false },
  // Of the renderer (cairo).
  maxSide: 32_767,
} as const satisfies FormatDefinition;
