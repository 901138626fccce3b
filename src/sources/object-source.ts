import { PictorError } from '../core/errors.ts';
import type { NotModified, OpenContext, Original, Source } from '../core/ports.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { isUsableKey, type ObjectAddress, parseObjectUri } from './object-uri.ts';

/** One fetch of an object, under way. */
export interface ObjectFetch {
  readonly address: ObjectAddress;
  readonly context: OpenContext;
  /** Ended by the body once it is read, or by an answer without one. */
  readonly deadline: Deadline;
}

export interface ObjectSourceParts {
  readonly scheme: string;
  /** Text before the version of an object; empty: no versions. */
  readonly versionSeparator: string;
  readonly allowedBuckets: readonly string[];
  readonly deniedBuckets: readonly string[];
  /** For the whole object; 0: no limit. */
  readonly timeoutSeconds: number;
  /** @throws PictorError SOURCE_*, or anything once the deadline has failed */
  fetch(fetch: ObjectFetch): Promise<Original | NotModified>;
  close?(): Promise<void>;
}

/**
 * What the sources of all object stores have in common: how an object is named, which buckets may be read (a bucket on the
 * denied list never), and one time limit for all that a fetch takes.
 */
export function createObjectSource(parts: ObjectSourceParts): Source {
  const { scheme, versionSeparator } = parts;
  const [allowed, denied] = [new Set(parts.allowedBuckets), new Set(parts.deniedBuckets)];
  const mayRead = (bucket: string) => !denied.has(bucket) && (allowed.size === 0 || allowed.has(bucket));
  return {
    schemes: [scheme],
    async open(uri, context) {
      const ours = uri.toLowerCase().startsWith(`${scheme}://`);
      const address = ours ? parseObjectUri(uri, versionSeparator) : null;
      if (address === null) {
        const detail = `expected ${scheme}://bucket/key: ${uri.slice(0, 200)}`;
        throw new PictorError('SOURCE_INVALID', { detail });
      }
      // Told like a bucket that does not exist, so that nobody learns by asking which ones there are.
      if (!mayRead(address.bucket))
        throw new PictorError('SOURCE_NOT_FOUND', { detail: `bucket ${address.bucket} may not be read` });
      if (!isUsableKey(address.key))
        throw new PictorError('SOURCE_NOT_FOUND', { detail: 'no usable key of an object' });
      const deadline = startDeadline(context.signal, parts.timeoutSeconds);
      try {
        const stopped = deadline.failure();
        if (stopped !== null) throw stopped;
        return await parts.fetch({ address, context, deadline });
      } catch (thrown) {
        deadline.end();
        throw deadline.failure() ?? thrown;
      }
    },
    ...(parts.close === undefined ? {} : { close: parts.close }),
  };
}
