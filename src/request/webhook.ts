import type { PictorEvent } from '../core/events.ts';

/** What happens to the pictures a mount keeps. */
export type KeepingEvent = Extract<PictorEvent, { type: 'upload' | 'variant' | 'variants-ready' }>;

/** What is told, as it goes over the wire. */
export interface WebhookMessage {
  /** For logs and metrics: `image.uploaded`. */
  readonly name: string;
  /** JSON. */
  readonly body: string;
}

/** Where the events of a mount are told, and in which words: what a dialect makes of its settings. */
export interface WebhookPlan {
  /** http or https; user name and password in it are sent as basic authentication. */
  readonly url: string;
  /** Signs what is sent; empty: nothing is signed. */
  readonly secret: string;
  /** For one attempt, answer included. */
  readonly timeoutSeconds: number;
  readonly userAgent: string;
  /** Null: nobody wants to know. @param now epoch milliseconds */
  message(event: KeepingEvent, now: number): WebhookMessage | null;
}
