/** Formats that every scenario of new pictures is about. */
export const formats = ['jpeg', 'webp', 'avif'] as const;

export type Format = (typeof formats)[number];

export const extension: Readonly<Record<Format, string>> = { jpeg: 'jpg', webp: 'webp', avif: 'avif' };

/**
 * What pictor encodes with by default where it speaks imgproxy. Others are asked for the same, so that they differ in what
 * their defaults differ in: effort, chroma, how they decode.
 */
export const quality: Readonly<Record<Format, number>> = { jpeg: 80, webp: 79, avif: 63 };
