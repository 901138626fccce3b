import type { S3Session } from '../../cloud/s3-session.ts';

/** Deletions that could not be done while S3 was away. Without them old blobs would come back with it. */
export interface OwedRemovals {
  add(path: string): void;
  /** Something newer is at this path: it must not be deleted any more. */
  forget(path: string): void;
  /** Does them all. @throws whatever the SDK throws; what was not done stays owed */
  pay(session: S3Session, signal: AbortSignal): Promise<void>;
}

/** More are not remembered: the oldest are let go. */
const mostRemembered = 10_000;
const atOnce = 20;

export function createOwedRemovals(bucket: string): OwedRemovals {
  const paths = new Set<string>();
  return {
    add(path) {
      const oldest = paths.values().next();
      if (paths.size >= mostRemembered && oldest.done !== true) paths.delete(oldest.value);
      paths.add(path);
    },
    forget: (path) => void paths.delete(path),
    async pay({ client, sdk }, abortSignal) {
      while (paths.size > 0) {
        // One by one: deleting many by one request is not understood everywhere.
        const some = [...paths].slice(0, atOnce);
        await Promise.all(
          some.map(async (path) => {
            await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: path }), { abortSignal });
            paths.delete(path);
          }),
        );
      }
    },
  };
}
