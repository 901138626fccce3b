import type { PictorError } from '../core/errors.ts';
import type { InputFormats } from '../core/image-info.ts';
import type { FixedReply, Grant, ReplyStyle, RequestTarget } from './dialect.ts';
import type { ImageRequest } from './image-request.ts';

/**
 * What dialects add whose servers keep pictures themselves: uploads, and objects that lie ready in a bucket. All of it is
 * data that a dialect works out from the head of a request; `service/` does it, `http/` answers.
 */

/** Scheme of the URIs of kept originals: `original:{bucket}/{key}`. No URL may name it. */
export const originalScheme = 'original';

/** URI of a kept original. The key stands in it as it is; the bucket's name has no slash, and is empty where there is one bucket. */
export const originalUri = (bucket: string, key: string): string => `${originalScheme}:${bucket}/${key}`;

/** A kept original among those of all storages a server has. */
export interface OriginalPlace {
  /** Name of the storage: letters, digits and `-`; the same after a restart. */
  readonly storage: string;
  readonly bucket: string;
  readonly key: string;
}

/**
 * `original://{storage}/{bucket}/{key}`: what `originalUri` becomes when its request is run, so that two mounts never share a
 * picture by the mere name of a bucket. The key stands in it as it is.
 */
export const originalUriIn = ({ storage, bucket, key }: OriginalPlace): string =>
  `${originalScheme}://${storage}/${bucket}/${key}`;

/** The inverse of `originalUriIn`; null for any other text. */
export function readOriginalUri(uri: string): OriginalPlace | null {
  const match = /^original:\/\/([A-Za-z0-9-]+)\/([^/]*)\/(.+)$/s.exec(uri);
  return match === null ? null : { storage: match[1]!, bucket: match[2]!, key: match[3]! };
}

/** The head of a request, before a byte of its body is read. */
export interface Call {
  readonly method: string;
  readonly target: RequestTarget;
  /** Lower-case names; of a header that came several times the texts are joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** How the client reached us: scheme and host of absolute-form targets, else of the connection and the Host header. */
  readonly origin: { readonly scheme: 'http' | 'https'; readonly host: string };
  /** Epoch milliseconds. */
  readonly now: number;
  /** True: the server is about to stop. */
  readonly stopping?: true;
}

/** What is to be done. The grant is checked first, whatever the task. */
export type StorageTask = { readonly grant: Grant; readonly voice?: TaskVoice } & (
  | ReplyTask
  | RefuseTask
  | ShowTask
  | UploadTask
  | MakeTask
  | KeepTask
);

/** How answers to this request differ from those of its mount, whatever becomes of it. */
export interface TaskVoice {
  /** On every answer, errors included. */
  readonly headers?: Readonly<Record<string, string>>;
  /** These rows stand in for those of `ReplyStyle`. */
  readonly errors?: ReplyStyle['errors'];
  /** The whole answer to a failure, that of the grant included, before any row is looked at; null: the rows say. */
  readonly failure?: (error: PictorError) => FixedReply | null;
  /**
   * As what the mount's fallback image is shown should the request fail, whatever the task; its `source` is set aside.
   * Absent: the failure is told.
   */
  readonly standIn?: ImageRequest;
}

/** An answer that needs no picture. */
export interface ReplyTask {
  readonly task: 'reply';
  readonly reply: FixedReply;
  /** True: asked so often that the log does not tell of it. */
  readonly quiet?: boolean;
}

/** Refused, but only told to those whose grant is good: nobody without a key feels out the grammar. */
export interface RefuseTask {
  readonly task: 'refuse';
  readonly error: PictorError;
}

/** Shows an object, made first where it does not lie ready. */
export interface ShowTask {
  readonly task: 'show';
  readonly bucket: string;
  /** Looked for first, and sent as it is. Absent: nothing of the kind is kept. */
  readonly key?: string;
  /** How it is made where it does not lie ready. Absent: then it is missing. */
  readonly recipe?: Recipe;
  /**
   * Name of the made picture on the mount's shelf (`StorageGrammar.shelf`): taken from there while it is fresh, put there
   * when it was made, and taken from there, old as it is, when the place of the originals is away. Its type is sniffed.
   */
  readonly shelf?: string;
  /** Where nothing lies ready under `key`: the text that is made of an original, and kept there. */
  readonly told?: ToldText;
  readonly showing: Showing;
  /** True: every GET of this target is this very task but for its grant, whatever else it says and whenever it comes. */
  readonly steady?: true;
}

/** What a text says of an original. */
export interface ToldText {
  /** Key of the original. */
  readonly original: string;
  readonly contentType: string;
  /** Which formats the original may have, besides the usual ones or without them. */
  readonly inputs?: InputFormats;
  readonly text: (facts: UploadFacts) => string;
}

/** One variant of a kept original. */
export interface Recipe {
  /** Keys of the original in the same bucket; the first that exists counts. */
  readonly originals: readonly string[];
  /** `source` is `originalUri` of the first of them; whoever runs it says in which storage (`originalUriIn`). */
  readonly image: ImageRequest;
  /** Where the variant is kept once it was made. Absent: only in the caches. */
  readonly keep?: { readonly key: string };
  /** For events: the name clients know it by (`x300.webp`), and its format and quality as asked for. */
  readonly label: { readonly filename: string; readonly format: string; readonly quality: number };
}

/** How an object is sent. */
export interface Showing {
  /** `sniffed`: from the bytes, and what is no picture goes as `application/octet-stream`; else by this text. */
  readonly contentType: 'sniffed' | (string & {});
  /** True: what is sniffed may also be SVG. Scripts in it do not run: every reply carries a policy that forbids it. */
  readonly svg?: true;
  /** True: what is sniffed may also be PDF. */
  readonly pdf?: true;
  /** On 200, 206 and 304. */
  readonly headers: Readonly<Record<string, string>>;
  /** Time of the object, a fixed HTTP date, or none. */
  readonly lastModified: 'object' | 'none' | { readonly always: string };
  /** `If-Modified-Since`: compared as usual, answered 304 whatever it says and without a look at the object, or ignored. */
  readonly since: 'compare' | 'always' | 'ignore';
  /** ETag, and `If-None-Match` heeded. */
  readonly etag: boolean;
  readonly ranges: boolean;
}

/** Takes an original in. */
export interface UploadTask {
  readonly task: 'upload';
  readonly bucket: string;
  /** Asked for instead of the body. */
  readonly from?: string;
  /** Content-Type of the request; a `multipart/form-data` body has the picture as its one file. */
  readonly declaredType: string;
  /** Bytes; what is longer is refused while it arrives. */
  readonly maxBytes: number;
  /** True: what is declared as SVG, and begins as one, is taken without a look at its size. */
  readonly plainSvg?: boolean;
  /** True: what cannot be decoded to its end is refused. Absent: its head is looked at, unless it is rewritten. */
  readonly whole?: boolean;
  /** Which formats it may have, besides the usual ones or without them. */
  readonly inputs?: InputFormats;
  /** How bytes are changed before they are kept (upright JPEG without metadata, say); null: they are kept as they came. */
  readonly rewrite: ((facts: UploadFacts) => ImageRequest | null) | null;
  /** What is kept, in this order: all of it is durable before the reply. */
  readonly objects: (facts: UploadFacts) => readonly KeptObject[];
  /** Variants to make. `before`: the reply waits for them; `after`: nobody does. */
  readonly variants: (
    facts: UploadFacts,
  ) => readonly { readonly recipe: Recipe; readonly when: 'before' | 'after' }[];
  readonly reply: (facts: UploadFacts) => FixedReply;
}

/** What is known of an upload when all of it has arrived. */
export interface UploadFacts {
  /** Hexadecimal MD5 of the bytes as received. */
  readonly md5: string;
  /** Of the bytes, never as declared. */
  readonly mediaType: string;
  readonly bytes: number;
  /** Upright size, after `rewrite`; 0 where it is not known (plain SVG). */
  readonly width: number;
  readonly height: number;
  /** 32 hexadecimal digits nobody can guess, new for every upload. */
  readonly random: string;
}

export interface KeptObject {
  readonly key: string;
  /** The (rewritten) picture itself, or this text. */
  readonly body: 'picture' | { readonly text: string };
  readonly contentType: string;
}

/** Makes variants of an original that is there. */
export interface MakeTask {
  readonly task: 'make';
  readonly bucket: string;
  readonly recipes: readonly Recipe[];
  readonly when: 'before' | 'after';
  readonly reply: FixedReply;
}

/** Keeps a file that need not be a picture. */
export interface KeepTask {
  readonly task: 'keep';
  readonly bucket: string;
  readonly key: string;
  readonly contentType: string;
  readonly maxBytes: number;
  readonly reply: FixedReply;
}

/** Where a mount's objects are: data from its settings, made into buckets by the composition root. */
export type StoragePlace =
  | {
      readonly kind: 'folder' /** With one sub-folder per bucket, unless `single`. */;
      readonly root: string;
      readonly single: boolean;
      /**
       * True: keys need not be paths (`a` and `a/b` may both exist); for that folders carry an escaped slash: `a%2F/b`.
       * Absent: the path of a file is the key.
       */
      readonly anyKey?: boolean;
    }
  | { readonly kind: 's3'; readonly s3: S3Place }
  | {
      readonly kind: 'mirrored';
      /** Everything is written here first and read from here first. */
      readonly root: string;
      /** Null: nowhere else. */
      readonly remote: { readonly s3: S3Place; readonly alsoBy?: UrlPlace } | { readonly url: string } | null;
      /** Uploads at the same time. */
      readonly concurrency: number;
      /**
       * How long whoever writes waits for the remote, seconds; then it is enough that the object is on the disk and noted to be
       * owed, which a crash does not undo. Absent or 0: that is enough at once.
       */
      readonly waitSeconds?: number;
      /** Local files older than this many minutes are removed once they are safe elsewhere; 0: never. */
      readonly maxAgeMinutes: number;
    };

/** Where the objects of a bucket can be had by GET, below a URL. */
export interface UrlPlace {
  readonly url: string;
  /** Asked where the bucket refuses to be read, or also for what it does not have. */
  readonly when: 'refused' | 'missing';
}

/** A bucket of an S3 service. */
export interface S3Place {
  /** Empty: each request names its own. */
  readonly bucket: string;
  /** Put before every key as it is. */
  readonly prefix: string;
  readonly region: string;
  /** Empty: Amazon, or what AWS_ENDPOINT_URL_S3 says. */
  readonly endpoint: string;
  readonly pathStyle: boolean;
  /** Empty: the usual chain. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Canned ACL of what is written; empty: none is sent. */
  readonly acl: string;
  readonly timeoutSeconds: number;
  readonly maxAttempts: number;
}

/** A folder of made pictures that age, for `core/shelf.ts`. Several mounts may share one. */
export interface ShelfPlace {
  /** Made when it is missing. */
  readonly root: string;
  /** Files this old are made anew. */
  readonly maxAgeSeconds: number;
  /** … and for this long after that they are there for when they cannot be; then they are removed. */
  readonly staleSeconds: number;
  /** Of all files together; the oldest go first. 0: no bound. */
  readonly maxBytes: number;
  /** What its files are called: others in the folder are nobody's business. */
  readonly names: RegExp;
}

/** What a dialect knows of storage. */
export interface StorageGrammar<Settings> {
  /** True: some of its requests change what is kept. */
  readonly takesUploads?: true;
  place(settings: Settings): StoragePlace;
  /** How long a kept original is taken to be what it was without a look at it, seconds. Absent: a year, for it never changes. */
  freshForSeconds?(settings: Settings): number;
  /** Where made pictures lie for a while. Absent or null: in the caches alone. */
  shelf?(settings: Settings): ShelfPlace | null;
  /** What a request wants. @throws PictorError URL_INVALID, OPTION_INVALID, NOT_FOUND, METHOD_NOT_ALLOWED … */
  task(call: Call, settings: Settings): StorageTask;
  /**
   * Where all that belongs to one original lies: its own key, and the prefix of what was made of it; null: nothing of that is
   * kept in the bucket. For erasure. Null for a key that is none of ours.
   */
  family(key: string): { readonly original: string; readonly prefix: string | null } | null;
}
