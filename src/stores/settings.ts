import * as z from 'zod';
import { byteSize } from '../core/settings.ts';

/** Where originals and variants are kept between requests, and how much of them. Sizes are bytes. */
export const cacheSettings = z.strictObject({
  dir: z
    .string()
    .default('')
    .describe(
      'Folder on a local disk where variants and originals are kept; it is made if missing and survives a restart. Empty: variants live in memory only, originals in a temporary folder that is removed at the end.',
    ),
  memory: byteSize('128MiB').describe(
    'Bytes of variants held in memory, the most recently used ones. 0: none.',
  ),
  variants: byteSize('4GiB').describe(
    'Bytes of variants on disk, counted in blocks of 4 KiB as the disk does. The least recently used go first. Only with cache.dir.',
  ),
  originals: byteSize('1GiB').describe(
    'Bytes of fetched originals on disk, in cache.dir or else in a temporary folder. Allow at least as much as all requests in flight need at one time.',
  ),
});

export type CacheSettings = z.infer<typeof cacheSettings>;
