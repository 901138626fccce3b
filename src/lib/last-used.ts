import { LRUCache } from 'lru-cache';

/**
 * At most so many values by name: those that were used last. Room is taken as they come. With its own `max`, lru-cache takes
 * all of it at once, which for ten thousand values is a millisecond of a server's start.
 */
export const createLastUsed = <Value extends string | number | boolean | object>(
  most: number,
): LRUCache<string, Value> => new LRUCache<string, Value>({ maxSize: most, sizeCalculation: () => 1 });
