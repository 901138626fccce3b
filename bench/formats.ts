/** Formats that every scenario of new pictures is about. */
export const formats = ['jpeg', 'webp', 'avif'] as const;

export type Format = (typeof formats)[number];

export const extension: Readonly<Record<Format, string>> = { jpeg: 'jpg', webp: 'webp', avif: 'avif' };

/**
 * What everybody is asked for, so that they differ in what their defaults differ in: effort, chroma, how they decode. Of JPEG
 * and WebP pictor's defaults where it speaks imgproxy; of AVIF that of sharp and ipx, for which the bound on their ratio was set.
 * With pictor's own, 63, others would take twice as long, and pictor a fifth longer.
 */
export const quality: Readonly<Record<Format, number>> = { jpeg: 80, webp: 79, avif: 50 };
