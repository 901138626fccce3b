import { createHmac } from 'node:crypto';

/**
 * Headers by which the receiver knows who sent this and when: HMAC-SHA256 of `{unix seconds}.{body}` in hexadecimal. They
 * are made anew for every attempt, so that an old one can be refused. None without a secret.
 * @param now epoch milliseconds
 */
export function signatureHeaders(secret: string, body: string, now: number): Record<string, string> {
  if (secret === '') return {};
  const timestamp = String(Math.floor(now / 1000));
  const digest = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { 'X-Webhook-Signature': `sha256=${digest}`, 'X-Webhook-Timestamp': timestamp };
}
