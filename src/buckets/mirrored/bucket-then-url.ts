import type { Bucket } from '../../core/bucket.ts';
import { asPictorError, PictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';

type Reader = Pick<Bucket, 'get' | 'head' | 'close'>;

export interface BucketThenUrlParts {
  readonly bucket: Reader;
  /** Where its objects, and perhaps others, can be had by GET. */
  readonly url: Reader;
  /** Where the bucket refuses to be read, or also where it does not have an object. */
  readonly when: 'refused' | 'missing';
  readonly emit: EmitEvent;
}

/**
 * Reads a bucket, and by URL what credentials may not read: there are some that may only write. The bucket comes first, for a
 * URL may be that of a cache, which does not know yet what is new, nor what was removed.
 */
export function createBucketThenUrl({ bucket, url, when, emit }: BucketThenUrlParts): Reader {
  let troubleTold = false;

  async function find<Found>(ask: (from: Reader) => Promise<Found | null>): Promise<Found | null> {
    try {
      const found = await ask(bucket);
      if (found !== null || when === 'refused') return found;
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      return ask(url);
    }
    return ask(url).then(
      (found) => {
        troubleTold = false;
        return found;
      },
      (thrown: unknown) => noted(thrown),
    );
  }

  /** The bucket has answered: that the URL does not is no reason to fail. */
  function noted(thrown: unknown): null {
    const { code, detail = '' } = asPictorError(thrown);
    if (code === 'CANCELLED') throw thrown;
    if (!troubleTold) {
      const message = 'the public URL of the bucket does not answer; what the bucket lacks counts as missing';
      emit({ type: 'notice', level: 'warn', message, facts: { code, detail } });
    }
    troubleTold = true;
    return null;
  }

  return {
    get: (key, options) => find((from) => from.get(key, options)),
    head: (key, signal) => find((from) => from.head(key, signal)),
    async close() {
      await Promise.all([bucket.close(), url.close()]);
    },
  };
}

/** Without leave to list, S3 says the same of what is missing. */
const isRefusal = (thrown: unknown): boolean =>
  thrown instanceof PictorError && thrown.upstreamStatus === 403;
