/** What the middle of pictor needs from the outside: sources and stores. Implementations live in `sources/`, `stores/`. */

/** Validators of a representation, exactly as the source sent them (RFC 9110 section 8.8). */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** Which URLs redirects may lead to, in the name of whoever asks. */
export interface VisitRule {
  /** Same text, same answers: fetches under one rule may be shared. */
  readonly name: string;
  readonly allows: (url: string) => boolean;
}

/** Cookies of one client, on their way to sources of the client's own site. */
export interface ClientCookies {
  /** Same text, same answers: fetches for one client may be shared, with nobody else. */
  readonly name: string;
  /** Value of the Cookie header. */
  readonly header: string;
  /** Whether they may be sent to this URL. */
  readonly goTo: (url: string) => boolean;
}

/** Headers of one client's request on their way to a source, besides those we send ourselves. */
export interface PassedHeaders {
  /** Same text, same headers: fetches with them may be shared. */
  readonly name: string;
  /** Lower-case names. */
  readonly values: Readonly<Record<string, string>>;
  /** True: they say who asks. They go to no other site than the source's, and what they bring is for nobody else. */
  readonly personal: boolean;
}

export interface OpenContext {
  /** Ends the transfer; the source must let go of its socket or file. */
  readonly signal: AbortSignal;
  /** Hard limit on body bytes after content decoding, whatever Content-Length says. */
  readonly maxBytes: number;
  /** Validators of the copy we hold: the source may answer `not-modified`. */
  readonly known?: Validators;
  /** Asked for every redirect target before anything is sent there; false: SOURCE_NOT_ALLOWED. Absent: all are allowed. */
  readonly visits?: VisitRule;
  /** Sent where they may go, redirects included. Absent: none. */
  readonly cookies?: ClientCookies;
  /** Sent besides, and in place of, our own. Absent: none. */
  readonly passed?: PassedHeaders;
  /** True: an answer of any status is an original, but for 404 and what no web server means as an answer. */
  readonly anyAnswer?: boolean;
}

/** As `OpenContext`, for an answer that is passed on as it comes. */
export interface StreamContext extends Omit<OpenContext, 'known'> {
  /** Headers of the client that the source gets to see; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer as a source gave it. */
export interface SourceStream extends SourceResponse {
  /** False: the source answered with the whole, whatever conditions and ranges `headers` asked for. */
  readonly conditional: boolean;
  /** Null: no body. Read it to its end or abort the signal. @param part bytes, both included; only for files */
  body(part?: { readonly first: number; readonly last: number }): AsyncIterable<Uint8Array> | null;
  /** Set for a file: then `body` gives parts of it. */
  readonly fileSize?: number;
}

/** Facts by which the middle decides how long a copy is good (RFC 9111). */
export interface SourceResponse {
  readonly status: number;
  /** Lower-case names, as received. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An original as a source hands it over: read `body` to its end or abort the signal. */
export interface Original {
  readonly status: 'found';
  /** A file that exists anyway (nothing is copied), or bytes on their way. */
  readonly body: { readonly path: string } | { readonly stream: AsyncIterable<Uint8Array> };
  /** Known before reading, if at all. */
  readonly size?: number;
  readonly contentType?: string;
  readonly validators: Validators;
  /** HTTP sources: for RFC 9111 freshness. Others give `freshForSeconds`. */
  readonly response?: SourceResponse;
  readonly freshForSeconds?: number;
  /** Where redirects led on the way here, in order; absent: nowhere. */
  readonly visited?: readonly string[];
}

export interface NotModified {
  readonly status: 'not-modified';
  readonly visited?: readonly string[];
  readonly response?: SourceResponse;
  readonly freshForSeconds?: number;
}

/**
 * Where originals are read from. One file per kind.
 * @throws PictorError SOURCE_* (the error is classified where the foreign error is met)
 */
export interface Source {
  /** URI schemes without colon, e.g. ['http', 'https']. */
  readonly schemes: readonly string[];
  open(uri: string, context: OpenContext): Promise<Original | NotModified>;
  /** The source's own answer, whatever its status, body not decoded. Absent: `open` has to do. */
  stream?(uri: string, context: StreamContext): Promise<SourceStream>;
  close?(): Promise<void>;
}

/** Small JSON facts kept beside a blob and returned with it. */
export type BlobMeta = Readonly<Record<string, unknown>>;

export interface StoredBlob {
  readonly meta: BlobMeta;
  /** Length of the body in bytes. */
  readonly size: number;
  /** Set when the body alone is a file on this machine, so that it can be handed on without copying. */
  readonly path?: string;
  /** Which tier answered: 'memory', 'disk', …: a label for metrics. */
  readonly tier: string;
  /** The body itself, when it is in memory anyway. Must not be written to. */
  readonly body?: Uint8Array;
  /** Reads the whole body. @throws PictorError STORE_FAILED */
  bytes(): Promise<Uint8Array>;
}

/**
 * Keeps blobs under keys (`[0-9a-f]{8,}` or names made of `[A-Za-z0-9._-]`). Missing is `null`, never an exception.
 * `put` is atomic: a reader sees the old blob, or the whole new one, also after a crash. A put that fails leaves the
 * old blob. Bounded stores may forget anything at any time; a body larger than the whole store is forgotten at once
 * (`put` settles, the key is empty). Optional methods are ability flags.
 */
export interface BlobStore {
  readonly name: string;
  /** Bodies with more bytes than this are never kept: nobody needs to offer them. */
  readonly maxBlobBytes?: number;
  get(key: string): Promise<StoredBlob | null>;
  /** Synchronous look-up for stores that live in memory: lets a hit be answered in the same tick. */
  peek?(key: string): StoredBlob | null;
  /**
   * @param body bytes, or a stream that is stored as it arrives; a stream that throws stores nothing.
   * @param meta the facts, or a function that gives them once the whole body has been read (a digest, for instance).
   */
  put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    meta: BlobMeta | (() => BlobMeta),
  ): Promise<void>;
  /**
   * Settles once what was put under the key is also where other processes find it. Absent: so it is when `put` settles.
   * Never rejects.
   */
  written?(key: string): Promise<void>;
  /** Replaces the meta of an existing blob, body untouched. Does nothing when the key is gone. */
  setMeta(key: string, meta: BlobMeta): Promise<void>;
  delete(key: string): Promise<void>;
  /** As `delete`, and a path that was handed out leads nowhere any more. Absent: `delete` leaves none. */
  erase?(key: string): Promise<void>;
  /** Counts as a use of the blob for the order of eviction, without reading it. Never rejects. */
  touch?(key: string): Promise<void>;
  list?(prefix: string): AsyncIterable<string>;
  /** Bytes and entries held, as far as known without work: for metrics. */
  usage?(): { readonly bytes: number; readonly entries: number };
  close(): Promise<void>;
}

/** A store that takes over files as they are, so that nothing is copied. */
export interface FileStore extends BlobStore {
  /**
   * A name for a file that is to be taken over, on the same file system, never given twice. What lies there does not count
   * as the store's until then, and belongs to whoever asked; the store only removes what a crash has left.
   * @param ending of the name, for writers that choose their format by it: `.v`
   */
  draft(ending: string): Promise<string>;
  /** As `put`, with a file that `draft` named as the body. It is moved; when that fails it stays. */
  adopt(key: string, draft: string, meta: BlobMeta): Promise<void>;
}
