import type { FormatDefinition } from '../core/format.ts';

/** Read only, and only where it is asked for: the first page, at one pixel per point (72 dpi), on white paper. */
export const pdf = {
  name: 'pdf',
  mediaTypes: ['application/pdf'],
  extensions: ['pdf'],
  detectedAs: ['pdf'],
  read: { by: 'codec', needs: { package: '@hyzyla/pdfium' }, named: true },
  holds: { alpha: false, animation: false, profile: false, highDepth: false },
  // Points a page may have to a side (ISO 32000-1 annex C); larger ones are up to the limits.
  maxSide: 14_400,
} as const satisfies FormatDefinition;
