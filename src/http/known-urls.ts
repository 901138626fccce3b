import { LRUCache } from 'lru-cache';
import type { ImageDelivery } from './mount-replies.ts';

/**
 * URLs that were answered a moment ago: parsed, authorised and with their headers written. A repeated request is then
 * answered without parsing, signing or hashing; the bytes themselves stay in the variant store, so nothing is kept alive
 * here. Keyed by everything the answer depended on: mount, raw target and the headers named in Vary.
 */
export interface KnownUrl {
  readonly facts: Omit<ImageDelivery, 'requestId' | 'now'>;
  /** Flat list with Content-Length; the request id goes to `idAt`. */
  readonly headers: readonly string[];
  readonly idAt: number;
  /** Epoch milliseconds after which the long way is taken again. */
  readonly until: number;
}

/** About 20 MB when full of long URLs. */
const capacity = 20_000;

export type KnownUrls = LRUCache<string, KnownUrl>;

export const createKnownUrls = (): KnownUrls => new LRUCache<string, KnownUrl>({ max: capacity });
