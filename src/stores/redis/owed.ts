import type { Redis } from 'ioredis';

/** Deletions that could not be done while the server was away. Without them old blobs would come back with it. */
export interface OwedDeletions {
  add(redisKey: string): void;
  /** Something newer is under this key: it must not be deleted any more. */
  forget(redisKey: string): void;
  /** Does them all. @throws whatever the client throws; what was not done stays owed */
  pay(client: Redis): Promise<void>;
}

/** More are not remembered: the oldest are let go. */
const mostRemembered = 10_000;
const perCommand = 500;

export function createOwedDeletions(): OwedDeletions {
  const keys = new Set<string>();
  return {
    add(key) {
      const oldest = keys.values().next();
      if (keys.size >= mostRemembered && oldest.done !== true) keys.delete(oldest.value);
      keys.add(key);
    },
    forget: (key) => void keys.delete(key),
    async pay(client) {
      while (keys.size > 0) {
        const some = [...keys].slice(0, perCommand);
        await client.unlink(...some);
        for (const key of some) keys.delete(key);
      }
    },
  };
}
