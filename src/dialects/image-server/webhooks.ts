import type { KeepingEvent, WebhookMessage, WebhookPlan } from '../../request/webhook.ts';
import { compactJson, quoted } from './json.ts';
import { keyOf, type OriginalName, originalOfKey } from './keys.ts';
import { contentTypeOf } from './upload.ts';
import type { WebhookEventName, WebhookSettings } from './webhook-settings.ts';

/**
 * What image-server tells of its pictures: compact JSON, its keys in this order.
 *
 *     {"event":"image.uploaded","timestamp":"2025-12-09T15:30:00Z","data":{"namespace":…,"hash":…,…}}
 *
 * - `image.uploaded`: width, height, content_type, remote_url;
 * - `image.processed`: filename, format, width, height, quality, remote_url, for what was made and did not lie ready;
 * - `image.processing_failed`: filename, format, error;
 * - `image.batch_complete`: source_url where the original was taken from one; once for every upload and every `process`
 *   whose variants are all there.
 */
const names = {
  uploaded: 'image.uploaded',
  processed: 'image.processed',
  failed: 'image.processing_failed',
  batch_complete: 'image.batch_complete',
} as const satisfies Record<WebhookEventName, string>;

interface Told {
  readonly kind: WebhookEventName;
  readonly data: Readonly<Record<string, string | number>>;
}

/**
 * Null where no endpoint is set.
 * @param urlOf public URL of a key
 */
export function webhookPlan(
  { url, secret, timeoutSeconds, events }: WebhookSettings,
  urlOf: (key: string) => string,
): WebhookPlan | null {
  if (url === '') return null;
  const wanted: ReadonlySet<WebhookEventName> = new Set(events.length === 0 ? keysOf(names) : events);
  return {
    url,
    secret,
    timeoutSeconds,
    userAgent: 'image-server-webhook/1.0',
    message(event, now) {
      const told = tell(event, urlOf);
      return told === null || !wanted.has(told.kind) ? null : messageOf(told, now);
    },
  };
}

const keysOf = <Key extends string>(record: Readonly<Record<Key, unknown>>): readonly Key[] =>
  Object.keys(record) as Key[];

function messageOf({ kind, data }: Told, now: number): WebhookMessage {
  const timestamp = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  const fields = [
    `"event":${quoted(names[kind])}`,
    `"timestamp":${quoted(timestamp)}`,
    `"data":${compactJson(data)}`,
  ];
  return { name: names[kind], body: `{${fields.join(',')}}` };
}

/** Null for what nobody is told: what failed to arrive, what lay ready, and files that belong to no original. */
function tell(event: KeepingEvent, urlOf: (key: string) => string): Told | null {
  if (event.type === 'upload') return event.stored === undefined ? null : tellUpload(event.stored, urlOf);
  const original = originalOfKey(event.original);
  if (original === null) return null;
  if (event.type === 'variant') return tellVariant(event, original, urlOf);
  const from = event.from ?? '';
  const data = { namespace: original.namespace, hash: original.hash };
  return { kind: 'batch_complete', data: from === '' ? data : { ...data, source_url: from } };
}

function tellUpload(
  { key, width, height, mediaType }: NonNullable<Extract<KeepingEvent, { type: 'upload' }>['stored']>,
  urlOf: (key: string) => string,
): Told | null {
  const original = originalOfKey(key);
  if (original === null) return null;
  const { namespace, hash } = original;
  return {
    kind: 'uploaded',
    data: { namespace, hash, width, height, content_type: contentTypeOf(mediaType), remote_url: urlOf(key) },
  };
}

function tellVariant(
  { outcome, filename, format, width, height, quality }: Extract<KeepingEvent, { type: 'variant' }>,
  original: OriginalName,
  urlOf: (key: string) => string,
): Told | null {
  const { namespace, hash } = original;
  const common = { namespace, hash, filename, format };
  if (outcome === 'failed') return { kind: 'failed', data: { ...common, error: 'processing failed' } };
  if (outcome === 'present') return null;
  const remote = urlOf(keyOf(original, filename));
  return { kind: 'processed', data: { ...common, width, height, quality, remote_url: remote } };
}
