import * as z from 'zod';
import type { DialectName } from '../dialects/index.gen.ts';
import { engineSettings } from '../engine/settings.ts';
import { webhooksSettings } from '../hooks/settings.ts';
import { adminSettings, managementSettings, serverSettings } from '../http/settings.ts';
import { logSettings, statsdSettings } from '../observe/settings.ts';
import { limitsSettings } from '../plan/settings.ts';
import { admissionSettings, encodingSettings, freshnessSettings } from '../service/settings.ts';
import { sourcesSettings } from '../sources/settings.ts';
import { cacheSettings } from '../stores/settings.ts';
import { checkMountCaches } from './mount-caches.ts';
import { checkMountLimits } from './mount-limits.ts';
import { type MountInput, mountsSettingsFor } from './mounts.ts';

/** `pictor serve` keeps its cache on disk unless told otherwise; the drop-in commands say so where they do not. */
const cacheOnDisk = cacheSettings.extend({
  dir: cacheSettings.shape.dir
    .removeDefault()
    .default('data/cache')
    .describe(cacheSettings.shape.dir.description ?? ''),
});

/**
 * Every setting of pictor, for mounts that speak these dialects: each section stands beside the code it governs, here they
 * become one tree. The dialects have been loaded.
 * @param unless what is mounted where nothing is said
 */
export const settingsFor = (dialects: readonly DialectName[], unless?: readonly MountInput[]) =>
  z
    .strictObject({
      server: serverSettings.prefault({}).describe('The listener for pictures.'),
      admin: adminSettings.prefault({}).describe('The listener for operators: probes, metrics and versions.'),
      management: managementSettings
        .prefault({})
        .describe('The listener for looking after kept originals and caches.'),
      mounts: mountsSettingsFor(dialects, unless),
      sources: sourcesSettings
        .prefault({})
        .describe('Where originals are read from, and what may be reached.'),
      cache: cacheOnDisk
        .prefault({})
        .describe('Where originals and variants are kept, and how much of them.'),
      freshness: freshnessSettings
        .prefault({})
        .describe(
          'How long a fetched original, and every variant of it, is good without asking its source again.',
        ),
      limits: limitsSettings.prefault({}).describe('Bounds on images, checked before anything is decoded.'),
      admission: admissionSettings
        .prefault({})
        .describe('How much work is let in at once. Answers from the cache never wait.'),
      encoding: encodingSettings
        .prefault({})
        .describe('How much time encoders get while somebody waits, and when nobody does.'),
      engine: engineSettings.prefault({}).describe('The processes that decode, transform and encode.'),
      webhooks: webhooksSettings
        .prefault({})
        .describe('How events are told to the endpoints that mounts name.'),
      log: logSettings.prefault({}).describe('What is written to standard output.'),
      statsd: statsdSettings.prefault({}).describe('Counts sent to a StatsD server.'),
    })
    .superRefine(checkMountLimits)
    .superRefine(checkMountCaches);
