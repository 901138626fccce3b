/**
 * Objects under keys of their owner's choosing: an S3 bucket, or a folder that is laid out like one. Unlike a `BlobStore`,
 * whose keys are ours and which may forget anything at any time, a bucket keeps what people gave us: what `put` has
 * acknowledged is there until somebody deletes it. Implementations live in `buckets/`.
 */
export interface Bucket {
  /** For messages and metrics: `s3`, `folder`. */
  readonly name: string;
  /**
   * Null: no such object. The body is read to its end, or let go of by aborting the signal.
   * @throws PictorError STORAGE_FAILED, STORAGE_UNREACHABLE, STORAGE_REFUSED, STORAGE_TIMEOUT
   */
  get(key: string, options?: ReadOptions): Promise<BucketObject | null>;
  /** The facts alone. Null: no such object. @throws as `get` */
  head(key: string, signal?: AbortSignal): Promise<ObjectFacts | null>;
  /**
   * Atomic, and durable when it settles: fsync, or acknowledged by the service. An object of that key is replaced.
   * @throws as `get`
   */
  put(key: string, body: ObjectBody, facts: PutFacts): Promise<void>;
  /**
   * Opens the way for a derived object whose bytes another process writes itself. Absent: the bucket is not on this machine,
   * or has more to do with them than to give them a name.
   */
  draft?(): Draft;
  /** Where on this machine an object lies, or would. Absent or null: nowhere. */
  fileOf?(key: string): string | null;
  /** Does nothing where there is none. @throws as `get` */
  delete(key: string): Promise<void>;
  /** All objects whose keys begin so, in any order, however many. @throws as `get` */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** As `list`, in the order of the bytes of their keys (UTF-8), only those after `after`. @throws as `get` */
  listFrom?(prefix: string, after: string): AsyncIterable<ListedObject>;
  close(): Promise<void>;
}

/** A file that does not exist yet, and its folder may not either. */
export interface NewFile {
  readonly path: string;
  readonly fileMode: number;
  /** Of folders above it that are missing. */
  readonly folderMode: number;
}

/** A file that becomes an object once it is whole. */
export interface Draft {
  readonly file: NewFile;
  /**
   * As `put`, of what can be made again: a reader sees the old object or the whole new one, and so it stays after a loss of
   * power; but then it may be gone. @throws as `get`
   */
  keep(key: string): Promise<void>;
  /** Removes it where it came to nothing. Never rejects. */
  drop(): Promise<void>;
}

/** Several buckets with one way in; which there are may only be known when one is asked for. */
export interface Buckets {
  /** @throws PictorError STORAGE_REFUSED for a name that is none, or that the operator has not listed */
  bucket(name: string): Bucket;
  close(): Promise<void>;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** First and last byte, both included. */
  readonly part?: { readonly first: number; readonly last: number };
}

export interface ObjectFacts {
  /** Bytes of the whole object. */
  readonly size: number;
  /** As it was stored; absent where nobody said. */
  readonly contentType?: string;
  /** Epoch milliseconds. */
  readonly modified: number;
  /** Opaque, without quotes; same text, same bytes. */
  readonly etag?: string;
}

export interface BucketObject extends ObjectFacts {
  /** Set when the object is a file on this machine: then it need not be read to be handed on. */
  readonly path?: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What is put: bytes, or a file that stays as it is until the put has settled. */
export type ObjectBody = Uint8Array | { readonly file: string; readonly size: number };

export interface PutFacts {
  readonly contentType: string;
  readonly signal?: AbortSignal;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly modified: number;
}
