import * as z from 'zod';
import { secretText } from '../../core/settings.ts';

/** What may be told, by the names its operators know. */
export const webhookEvents = ['uploaded', 'processed', 'failed', 'batch_complete'] as const;
export type WebhookEventName = (typeof webhookEvents)[number];

const isEndpoint = (text: string): boolean =>
  text === '' || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol));

/** Who is told of uploads and variants. How it is retried: the section `webhooks`. */
export const webhookSettings = z.strictObject({
  url: z
    .string()
    .default('')
    .refine(isEndpoint, 'expected an http or https URL')
    .meta({ secret: true })
    .describe('Endpoint that events are sent to by POST. Empty: nobody is told.'),
  secret: secretText().default('').describe('Signs what is sent (HMAC-SHA256). Empty: it is not signed.'),
  timeoutSeconds: z
    .number()
    .positive()
    .default(10)
    .meta({ syntax: 'seconds' })
    .describe('For one attempt, from the connection to the answer.'),
  events: z
    .array(z.enum(webhookEvents))
    .default([])
    .describe('What is told: uploaded, processed, failed, batch_complete. Empty: all of it.'),
});
export type WebhookSettings = z.infer<typeof webhookSettings>;
