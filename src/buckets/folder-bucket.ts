import { join, resolve } from 'node:path';
import type { Bucket, Buckets, ListedObject } from '../core/bucket.ts';
import { checkBucketName } from './bucket-name.ts';
import { onDisk } from './folder/failure.ts';
import { createIncoming, type Incoming } from './folder/incoming.ts';
import { escapedPaths, type KeyPaths, ownFolder, plainPaths } from './folder/key-path.ts';
import { createObjectFolder, type FoundFile, type ObjectFolder } from './folder/object-folder.ts';
import { type SortedWalk, walkSorted } from './folder/sorted-walk.ts';

export interface FolderBucketsOptions {
  /** Made with the first object. */
  readonly root: string;
  /** True: one bucket, whatever its name; the folder itself. Else a sub-folder per bucket. */
  readonly single: boolean;
  /** True: every key S3 takes, at the price of escaped names (`escapedPaths`). Else keys are paths. */
  readonly anyKey: boolean;
}

/** Where files are written before they are moved to their place: on the same file system, and never listed. */
export const incomingBelow = (root: string): string => join(root, ownFolder, 'incoming');

/**
 * Objects as plain files, for as long as nobody removes them. A put is a whole file written beside, flushed, renamed to its
 * place and flushed there: a reader sees the old object or the whole new one, and what was acknowledged survives a crash
 * and a loss of power. The type of an object is not kept: the names of files are the contract, and there is no file beside.
 * Files that others put there are objects like any.
 */
export function createFolderBuckets({ root, single, anyKey }: FolderBucketsOptions): Buckets {
  const base = resolve(root);
  const paths = anyKey ? escapedPaths : plainPaths;
  const incoming = createIncoming(incomingBelow(base));
  const open = (root: string) =>
    createFolderBucket({ root, paths, folder: createObjectFolder(root, paths), incoming });
  const only = single ? open(base) : null;
  const opened = new Map<string, Bucket>();
  return {
    bucket(name) {
      if (only !== null) return only;
      checkBucketName(name);
      const bucket = opened.get(name) ?? open(join(base, name));
      opened.set(name, bucket);
      return bucket;
    },
    close: () => incoming.cleaned(),
  };
}

interface FolderBucketParts {
  readonly root: string;
  readonly paths: KeyPaths;
  readonly folder: ObjectFolder;
  readonly incoming: Incoming;
}

/** Objects of a folder in the order of their keys. */
export async function* listSorted(walk: SortedWalk, folder: ObjectFolder): AsyncGenerator<ListedObject> {
  for await (const key of walkSorted(walk)) {
    const found = await folder.find(key);
    if (found !== null) yield { key, size: found.size, modified: found.modified };
  }
}

function createFolderBucket({ root, paths, folder, incoming }: FolderBucketParts): Bucket {
  return {
    name: 'folder',
    async get(key, { part, signal } = {}) {
      const found = await folder.find(key);
      if (found === null) return null;
      return { ...factsOf(found), path: found.path, body: folder.read(found, part, signal) };
    },
    async head(key) {
      const found = await folder.find(key);
      return found === null ? null : factsOf(found);
    },
    async put(key, body, { signal }) {
      const staged = await onDisk(() => incoming.stage(body, signal));
      try {
        await folder.place(key, staged);
      } catch (thrown) {
        await staged.drop();
        throw thrown;
      }
    },
    draft() {
      const { file, flush, drop } = incoming.draft();
      return {
        file,
        drop,
        // The name is given to bytes that are on the disk, so that it never leads to a part of them.
        async keep(key) {
          await onDisk(flush);
          await folder.placeForNow(key, file);
        },
      };
    },
    fileOf(key) {
      const path = paths.pathOf(key);
      return path === null ? null : join(root, path);
    },
    delete: (key) => folder.remove(key),
    async *list(prefix) {
      for await (const { key, size, modified } of folder.list(prefix)) yield { key, size, modified };
    },
    listFrom: (prefix, after) => listSorted({ root, paths, prefix, after }, folder),
    close: () => incoming.cleaned(),
  };
}

const factsOf = ({ size, modified, etag }: FoundFile) => ({ size, modified, etag });
