import type { PictorEvent } from '../../src/core/events.ts';

/** A hit in memory, for those who listen. */
export const hitEvent = {
  type: 'request',
  id: 'a-1',
  method: 'GET',
  target: '/imgproxy/x',
  status: 200,
  mount: '/imgproxy',
  bytes: 1000,
  ms: 2,
  cache: 'hit',
  tier: 'memory',
  client: '127.0.0.1',
} as const satisfies PictorEvent;
