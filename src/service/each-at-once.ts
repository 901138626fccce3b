/**
 * Works on things as they come, some at the same time. The first failure ends it: nothing more is begun, what has begun is
 * waited for.
 * @throws the first failure
 */
export async function eachAtOnce<T>(
  things: AsyncIterable<T>,
  most: number,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const thing of things) {
    const done = work(thing).catch((thrown: unknown) => {
      failures.push(thrown);
    });
    running.add(done);
    void done.then(() => running.delete(done));
    if (running.size >= most) await Promise.race(running);
    if (failures.length > 0) break;
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
