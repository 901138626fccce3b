import type { Buckets } from '../core/bucket.ts';
import type { Shelf } from '../core/shelf.ts';
import type { MountLimits } from '../request/image-request.ts';
import { originalUriIn } from '../request/storage.ts';

/** The storage of a mount, opened. */
export interface StorageSite {
  /** Name of the mount, for events. */
  readonly mount: string;
  /** Name of the storage in the URIs of its originals (`OriginalPlace`). */
  readonly storage: string;
  readonly buckets: Buckets;
  /** True: objects are files of this machine, so that looking for one costs next to nothing. */
  readonly isLocal: boolean;
  /** Where made pictures age; null: the mount has none. */
  readonly shelf: Shelf | null;
  /** Bounds on what is taken in and made here, in place of the server's. Absent: the server's. */
  readonly limits?: MountLimits;
}

/** Where one object is. */
export interface ObjectAddress {
  readonly site: StorageSite;
  readonly bucket: string;
  readonly key: string;
}

/** The bucket an object is in. @throws PictorError STORAGE_REFUSED */
export const bucketOf = ({ site, bucket }: Omit<ObjectAddress, 'key'>) => site.buckets.bucket(bucket);

/** One text per object of the server; also its URI as a source. */
export const uriOf = ({ site, bucket, key }: ObjectAddress): string =>
  originalUriIn({ storage: site.storage, bucket, key });

/** Same text, same bounds: work that others join must be bounded alike. */
export const boundsOf = ({ limits = {} }: StorageSite): string => JSON.stringify(limits);
