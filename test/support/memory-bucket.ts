/** The other end of a network, for tests of what stands before it: a bucket that can be away, refuse, or take its time. */
import { readFile } from 'node:fs/promises';
import type { Bucket } from '../../src/core/bucket.ts';
import type { PictorError } from '../../src/core/errors.ts';

export interface MemoryBucket extends Bucket {
  readonly objects: Map<string, { bytes: Buffer; contentType: string }>;
  /** What was asked, in order: `put a/b`. */
  readonly asked: string[];
  /** Asked before everything; what it throws is what the bucket throws. */
  before: (question: string) => Promise<void> | void;
  /** Puts under way at the same time, at most so far. */
  mostAtOnce(): number;
}

/** @param failure what everything is answered with from now on; null: it works */
export const answerWith = (bucket: MemoryBucket, failure: PictorError | null): void => {
  bucket.before = () => {
    if (failure !== null) throw failure;
  };
};

export function createMemoryBucket(): MemoryBucket {
  const objects: MemoryBucket['objects'] = new Map();
  const asked: string[] = [];
  let putting = 0;
  let most = 0;
  const ask = async (question: string) => {
    asked.push(question);
    await bucket.before(question);
  };
  const factsOf = ({ bytes, contentType }: { bytes: Buffer; contentType: string }) => ({
    size: bytes.byteLength,
    modified: 0,
    contentType,
    etag: bytes.toString('hex').slice(0, 40),
  });
  const bucket: MemoryBucket = {
    name: 'memory',
    objects,
    asked,
    before: () => {},
    mostAtOnce: () => most,
    async get(key) {
      await ask(`get ${key}`);
      const found = objects.get(key);
      if (found === undefined) return null;
      return {
        ...factsOf(found),
        body: (async function* () {
          yield found.bytes;
        })(),
      };
    },
    async head(key) {
      await ask(`head ${key}`);
      const found = objects.get(key);
      return found === undefined ? null : factsOf(found);
    },
    async put(key, body, { contentType }) {
      putting += 1;
      most = Math.max(most, putting);
      try {
        const bytes = body instanceof Uint8Array ? Buffer.from(body) : await readFile(body.file);
        await ask(`put ${key}`);
        objects.set(key, { bytes, contentType });
      } finally {
        putting -= 1;
      }
    },
    async delete(key) {
      await ask(`delete ${key}`);
      objects.delete(key);
    },
    async *list(prefix) {
      await ask(`list ${prefix}`);
      for (const [key, { bytes }] of objects)
        if (key.startsWith(prefix)) yield { key, size: bytes.byteLength, modified: 0 };
    },
    close: async () => {},
  };
  return bucket;
}
