import type { ListedObject } from '../../core/bucket.ts';
import { compareKeys } from '../../lib/key-order.ts';

/** Two lists in the order of their keys as one; where both have a key, the first one's object. */
export async function* merged(
  first: AsyncIterable<ListedObject>,
  second: AsyncIterable<ListedObject>,
): AsyncGenerator<ListedObject> {
  const one = first[Symbol.asyncIterator]();
  const other = second[Symbol.asyncIterator]();
  try {
    let [a, b] = await Promise.all([one.next(), other.next()]);
    while (a.done !== true || b.done !== true) {
      const order = a.done === true ? 1 : b.done === true ? -1 : compareKeys(a.value.key, b.value.key);
      if (order <= 0 && a.done !== true) yield a.value;
      if (order > 0 && b.done !== true) yield b.value;
      [a, b] = [order <= 0 ? await one.next() : a, order >= 0 ? await other.next() : b];
    }
  } finally {
    await Promise.all([one.return?.(), other.return?.()]);
  }
}
