/** A folder with a bucket behind it, as its tests use it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createMirroredBuckets, type MirroredOptions } from '../../src/buckets/mirrored-bucket.ts';
import { PictorError } from '../../src/core/errors.ts';
import type { PictorEvent } from '../../src/core/events.ts';
import { createMemoryBucket } from './memory-bucket.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const away = new PictorError('STORAGE_UNREACHABLE', { detail: 'connect ECONNREFUSED' });
export const denied = new PictorError('STORAGE_REFUSED', { detail: 'AccessDenied', upstreamStatus: 403 });

export const jpeg = { contentType: 'image/jpeg' };

/** A mirrored bucket over one in memory, and what it says. @param changes to the usual options */
export async function openMirror(context: TestContext, changes: Partial<MirroredOptions> = {}) {
  const remote = createMemoryBucket();
  const root = changes.root ?? (await temporaryFolder(context));
  const notices: string[] = [];
  const emit = (event: PictorEvent) => {
    if (event.type === 'notice') notices.push(event.message);
  };
  const open = () => {
    const buckets = createMirroredBuckets({
      root,
      remote: { reader: remote, writer: remote },
      concurrency: 4,
      maxAgeMinutes: 30,
      waitSeconds: 0,
      emit,
      now: Date.now,
      ...changes,
    });
    context.after(() => buckets.close());
    return buckets;
  };
  const buckets = open();
  return { root, remote, notices, buckets, bucket: buckets.bucket(''), open };
}

/** Names of what lies in the folders of our own: files being written, and what is owed. */
export async function ownFilesOf(root: string): Promise<string[]> {
  const found = await readdir(join(root, '.pictor'), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  return found.filter((entry) => entry.isFile()).map(({ name }) => name);
}
