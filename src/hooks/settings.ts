import * as z from 'zod';
import { count, seconds } from '../core/settings.ts';

/** How events are told to the webhooks of mounts. Where, with which secret and which events: settings of the mount. */
export const webhooksSettings = z.strictObject({
  dir: z
    .string()
    .default('data/webhooks')
    .describe(
      'Folder of what was not delivered yet, which outlives a restart. Made when some mount has a webhook. Empty: in memory only.',
    ),
  attempts: count(3, 1).describe(
    'Attempts that may be refused by an answer before a delivery is given up. The second comes after 1 s, the third after 4 s.',
  ),
  maxAgeSeconds: seconds(86_400).describe(
    'How long an endpoint that does not answer, or says that it is not available (429, 502, 503, 504), is tried again, at most every five minutes.',
  ),
  concurrency: count(64, 1).describe('Requests at the same time, per mount.'),
  maxPending: count(100_000, 1).describe('Deliveries that may wait, per mount. Further events are not told.'),
});
export type WebhooksSettings = z.infer<typeof webhooksSettings>;
