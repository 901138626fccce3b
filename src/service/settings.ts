import * as z from 'zod';
import { byteSize, count, seconds } from '../core/settings.ts';

/** How much work is let in at once. Hits and 304 answers never pass a gate. */
export const admissionSettings = z.strictObject({
  fetchConcurrency: count(32, 1).describe('Sources fetched at the same time.'),
  fetchQueue: count(512).describe(
    'Fetches that may wait for a place, and as many per host; further ones are answered 503.',
  ),
  processConcurrency: count(0).describe('Transforms at the same time; 0: one per engine worker.'),
  processQueue: count(0).describe(
    'Transforms that may wait for a place; further ones are answered 503. 0: 25 per place.',
  ),
  maxWaitSeconds: seconds(10).describe(
    'Longest wait for a place among the transforms; then the answer is 503. 0: no limit.',
  ),
  memoryForOriginals: byteSize('256MiB').describe(
    'Memory for originals that no store keeps: no-store and private ones, and those too large for the disk. When it is full, further ones are answered 503.',
  ),
  retryAfterSeconds: count(2, 1).describe(
    'Retry-After of a 503 that a full queue, a long wait or full memory gave.',
  ),
});
export type AdmissionSettings = z.infer<typeof admissionSettings>;

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
