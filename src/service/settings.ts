import * as z from 'zod';
import { byteSize, count, seconds } from '../core/settings.ts';

/** How much work is let in at once. Hits and 304 answers never pass a gate. */
export const admissionSettings = z.strictObject({
  fetchConcurrency: count(32, 1).describe('Sources fetched at the same time.'),
  fetchQueue: count(512).describe(
    'Fetches that may wait for a place, and as many per host; further requests are turned away.',
  ),
  processConcurrency: count(0).describe('Transforms at the same time; 0: one per engine worker.'),
  processQueue: count(0).describe(
    'Transforms that may wait for a place; further requests are turned away. 0: 25 per place.',
  ),
  maxWaitSeconds: seconds(10).describe(
    'Longest wait for a place among the transforms; then the request is turned away. 0: no limit.',
  ),
  memoryForOriginals: byteSize('256MiB').describe(
    'Memory for originals that no store keeps: no-store and private ones, and those too large for the disk. When it is full, further requests are turned away.',
  ),
  retryAfterSeconds: count(2, 1).describe(
    'Retry-After for those who are turned away by a full queue, a long wait or full memory. The status is 503, or what the dialect of the mount says: 429 for imgproxy.',
  ),
});
export type AdmissionSettings = z.infer<typeof admissionSettings>;

/** How much time encoders get while somebody waits, and when nobody does. */
export const encodingSettings = z.strictObject({
  budgetMilliseconds: count(200).describe(
    'Where the client chooses among formats by its Accept header: how long the encoder may take, by estimate. A format that takes longer (AVIF of more than 2 megapixels by default, JPEG XL) is made in idle time, and until it is there the next best is given. URLs that name a format always get it. 0: no limit.',
  ),
  standInSeconds: seconds(30)
    .refine((value) => value >= 1, { error: 'expected at least 1' })
    .describe('Age of what is given until then, for clients and caches in between. At least 1.'),
  reencode: z
    .boolean()
    .default(false)
    .describe(
      'Encode cached JPEG, WebP and AVIF once more in idle time, with more effort at the same quality, when they have been asked for again; kept where that is smaller. Costs up to 30 times the processor time of the first encoding.',
    ),
});
export type EncodingSettings = z.infer<typeof encodingSettings>;

/** How long a fetched original, and every variant of it, is good without asking its source again. */
export const freshnessSettings = z.strictObject({
  defaultSeconds: seconds(300).describe(
    'Age up to which a source that says nothing about caching is trusted.',
  ),
  minSeconds: seconds(0).describe(
    'Lower bound on the age, also where the source asks for less (no-store and private are always obeyed).',
  ),
  staleWhileRevalidateSeconds: seconds(60).describe(
    'After its age, an image is still answered for this long while it is checked in the background. The source may say otherwise (RFC 5861).',
  ),
  staleIfErrorSeconds: seconds(86_400).describe(
    'After its age, an image is still answered for this long when its source cannot be reached. The source may say otherwise (RFC 5861).',
  ),
});
export type FreshnessSettings = z.infer<typeof freshnessSettings>;
