/**
 * Made pictures of one mount, under names that its older server gave them: files which age and may be forgotten at any
 * time. Unlike a `BlobStore` nothing is kept beside the bytes, so that the folder is what the older server had.
 * Implementations live in `stores/`.
 */
export interface Shelf {
  /** Null: nothing is there, or it cannot be read. Never rejects: what is not found is made. */
  get(name: string): Promise<ShelvedPicture | null>;
  /** Atomic. Never rejects; what cannot be written is told as an event. */
  put(name: string, body: Uint8Array): Promise<void>;
  /** Does nothing where there is none. Never rejects. */
  delete(name: string): Promise<void>;
}

/** A picture from a shelf. */
export interface ShelvedPicture {
  readonly body: Uint8Array;
  /** Epoch milliseconds at which it was put there. */
  readonly modified: number;
  /** False: to be made anew. Good for nothing but to stand in while the original cannot be had. */
  readonly fresh: boolean;
}
