import type { Bucket, ListedObject } from '../core/bucket.ts';
import { compareKeys } from '../lib/key-order.ts';

/** Objects that are held at the same time of a bucket that lists them in no order. */
const held = 20_000;

/**
 * Objects whose keys begin so and come after another one, in the order of their keys. Of a bucket that knows no order, the
 * first `held` of them: enough for a page, at the price of a look at all of them.
 */
export async function* sortedFrom(
  bucket: Bucket,
  prefix: string,
  after: string,
): AsyncGenerator<ListedObject> {
  if (bucket.listFrom !== undefined) {
    yield* bucket.listFrom(prefix, after);
    return;
  }
  let found: ListedObject[] = [];
  for await (const object of bucket.list(prefix)) {
    if (after !== '' && compareKeys(object.key, after) <= 0) continue;
    found.push(object);
    if (found.length >= 2 * held) found = firstOf(found);
  }
  yield* firstOf(found);
}

const firstOf = (objects: readonly ListedObject[]): ListedObject[] =>
  objects.toSorted((a, b) => compareKeys(a.key, b.key)).slice(0, held);
