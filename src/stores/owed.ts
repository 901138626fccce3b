/** Deletions that could not be done while a service was away. Without them old blobs would come back with it. */
export interface OwedDeletions {
  add(path: string): void;
  has(path: string): boolean;
  /** Something newer is at this path: it must not be deleted any more. */
  forget(path: string): void;
  /** Does them all, some at once. @throws whatever `remove` throws; what was not done stays owed */
  pay(atOnce: number, remove: (paths: readonly string[]) => Promise<unknown>): Promise<void>;
}

/** More are not remembered: the oldest are let go. */
const mostRemembered = 10_000;

export function createOwedDeletions(): OwedDeletions {
  /** By path, which of all that were ever owed it is: one that is owed anew while it is being done stays owed. */
  const paths = new Map<string, number>();
  let count = 0;
  return {
    add(path) {
      const oldest = paths.keys().next();
      if (paths.size >= mostRemembered && oldest.done !== true) paths.delete(oldest.value);
      paths.set(path, count);
      count += 1;
    },
    has: (path) => paths.has(path),
    forget: (path) => void paths.delete(path),
    async pay(atOnce, remove) {
      while (paths.size > 0) {
        const some = [...paths.entries().take(atOnce)];
        await remove(some.map(([path]) => path));
        for (const [path, owed] of some) if (paths.get(path) === owed) paths.delete(path);
      }
    },
  };
}
