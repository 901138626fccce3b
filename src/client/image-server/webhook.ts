import { decodeHex } from '../../lib/hex.ts';
import { isSignedWith } from '../hmac.ts';

/** What a webhook tells; `data` by the name of the event. */
export type WebhookEvent = { readonly timestamp: string } & (
  | { readonly event: 'image.uploaded'; readonly data: UploadedData }
  | { readonly event: 'image.processed'; readonly data: ProcessedData }
  | { readonly event: 'image.processing_failed'; readonly data: FailedData }
  | { readonly event: 'image.batch_complete'; readonly data: BatchData }
);

interface PictureData {
  readonly namespace: string;
  readonly hash: string;
}

interface UploadedData extends PictureData {
  readonly width: number;
  readonly height: number;
  readonly content_type: string;
  readonly remote_url: string;
}

interface ProcessedData extends PictureData {
  readonly filename: string;
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly quality: number;
  readonly remote_url: string;
}

interface FailedData extends PictureData {
  readonly filename: string;
  readonly format: string;
  readonly error: string;
}

interface BatchData extends PictureData {
  /** Where the original was fetched from, if it was. */
  readonly source_url?: string;
}

/** A delivery as it arrived. */
export interface WebhookDelivery {
  /** The very bytes, before anything parsed them. */
  readonly body: string | Uint8Array;
  /** `Headers`, or an object with lower-case names as Node's servers have it. */
  readonly headers: { get(name: string): string | null } | Readonly<Record<string, unknown>>;
  /** `--webhook-secret`; several while one takes the place of another. */
  readonly secret: string | readonly string[];
  /** How old or how far ahead the timestamp may be, seconds; default 300. Older ones may be repeats by somebody else. */
  readonly toleranceSeconds?: number;
  /** Epoch milliseconds; default: the clock. */
  readonly now?: number;
}

/** Why a delivery is not to be believed. */
export type WebhookRefusal =
  | 'signature-missing'
  | 'timestamp-invalid'
  | 'timestamp-too-far'
  | 'signature-wrong'
  | 'body-invalid';

/** Only a valid delivery has an event. */
export type WebhookVerdict =
  | { readonly valid: true; readonly event: WebhookEvent }
  | { readonly valid: false; readonly reason: WebhookRefusal };

function headerOf(headers: WebhookDelivery['headers'], name: string): string {
  const value: unknown = typeof headers.get === 'function' ? headers.get(name) : Reflect.get(headers, name);
  return typeof value === 'string' ? value : '';
}

const refuse = (reason: WebhookRefusal): WebhookVerdict => ({ valid: false, reason });

/** The timestamp and the body with a dot between them: what is signed. */
function signedBytes(timestamp: string, body: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`${timestamp}.`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

/** Tries every secret, so that the time taken does not tell which fits. */
async function matchesAny(
  secrets: readonly string[],
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const matches = await Promise.all(secrets.map((secret) => isSignedWith(secret, { message, signature })));
  return matches.includes(true);
}

/**
 * Whether a webhook comes from who holds the secret, and just now. Deliveries may be repeated and may come in any order:
 * what acts on them should not mind.
 * @throws TypeError when a secret is empty, or there is none
 */
export async function verifyWebhook(delivery: WebhookDelivery): Promise<WebhookVerdict> {
  const { headers, toleranceSeconds = 300, now = Date.now() } = delivery;
  const secrets = typeof delivery.secret === 'string' ? [delivery.secret] : delivery.secret;
  if (secrets.length === 0) throw new TypeError('a secret is needed');
  const given = headerOf(headers, 'x-webhook-signature');
  const timestamp = headerOf(headers, 'x-webhook-timestamp');
  if (given === '' || timestamp === '') return refuse('signature-missing');
  if (!/^\d{1,15}$/.test(timestamp)) return refuse('timestamp-invalid');
  if (Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds + 1) return refuse('timestamp-too-far');
  const signature = decodeHex(/^sha256=([\da-f]{64})$/.exec(given)?.[1] ?? '');
  const body = typeof delivery.body === 'string' ? new TextEncoder().encode(delivery.body) : delivery.body;
  if (signature === null || !(await matchesAny(secrets, signedBytes(timestamp, body), signature))) {
    return refuse('signature-wrong');
  }
  return readEvent(body);
}

function readEvent(body: Uint8Array): WebhookVerdict {
  try {
    const event: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (isEvent(event)) return { valid: true, event };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError || thrown instanceof TypeError)) throw thrown;
  }
  return refuse('body-invalid');
}

/** Its form only: what it says is the word of whoever holds the secret. */
const isEvent = (value: unknown): value is WebhookEvent =>
  typeof value === 'object' && value !== null && 'event' in value && typeof value.event === 'string';
