import * as z from 'zod';
import { byteSize, count, seconds } from '../core/settings.ts';

/** Settings of the section `engine`. */
export const engineSettings = z.strictObject({
  isolation: z
    .enum(['process', 'none'])
    .default('process')
    .describe(
      'Where images are decoded. process: in child processes, so that a crash, a hang or a bomb costs one request. none: inside the server, for tests and tiny hosts; there a decoder that crashes ends the server.',
    ),
  workers: count(0).describe(
    'Child processes that transform images, one image at a time each. 0: one per processor.',
  ),
  timeoutSeconds: seconds(30).describe(
    'Longest time one image may take, decoding to encoding. A worker that needs longer is killed and replaced. 0: no limit.',
  ),
  memoryLimit: byteSize('1536MiB').describe(
    'Resident memory one worker may use. A worker that grows past it is killed and replaced, its request fails. The default lets the largest images through that the default limits allow (AVIF takes most: 20 bytes per pixel). 0: no limit.',
  ),
  heifEncoder: z
    .string()
    .regex(/^(\/.*|[A-Za-z]:[\\/].*)?$/, 'expected an absolute path such as /usr/bin/heif-enc')
    .default('')
    .meta({ syntax: 'absolute path' })
    .describe(
      'Program that writes HEIC: the absolute path of heif-enc, which libheif brings (Debian: libheif-examples). It runs for one image at a time, under the bounds above. Empty: HEIC is read but not written.',
    ),
  recycleAfter: count(5000).describe('Images after which a worker is replaced by a fresh one. 0: never.'),
});

export type EngineSettings = z.infer<typeof engineSettings>;
