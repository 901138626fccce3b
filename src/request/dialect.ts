import type { ErrorCode } from '../core/errors.ts';
import type { ImageRequest, ResultLimits } from './image-request.ts';
import type { StorageGrammar } from './storage.ts';
import type { WebhookPlan } from './webhook.ts';

/** A request line as it came, never normalised. `path` excludes the mount's prefix and keeps its first slash. */
export interface RequestTarget {
  readonly raw: string;
  readonly path: string;
  /** Without `?`; empty when there is none. */
  readonly query: string;
}

/** Request headers a dialect may look at; absent ones are undefined. */
export interface RequestHints {
  readonly accept?: string;
  /** Client hints as sent; given only to mounts whose policy asks for them (`MountPolicy.clientHints`). */
  readonly dpr?: string;
  readonly width?: string;
}

/** How to hand the picture over. Never part of the key. */
export interface Delivery {
  /** Content-Disposition file name without extension. */
  readonly filename?: string;
  readonly attachment?: boolean;
  /** Unix seconds after which the URL is dead; caps the age sent to clients. */
  readonly expiresAt?: number;
  /** Header names the choice of picture depended on: goes to `Vary`. */
  readonly vary: readonly string[];
}

/** Why the client may have it. Checked by `service/authorise`, with the keys of the mount. */
export type Grant =
  | { readonly type: 'none' }
  | {
      readonly type: 'hmac';
      /** What was signed, without salt. */
      readonly message: string;
      /** Texts that may have been signed in its place. */
      readonly orMessages?: readonly string[];
      /** As it stood in the URL. */
      readonly signature: string;
    }
  | {
      /** A shared secret as it came in a header; compared in constant time with `MountPolicy.token`. */
      readonly type: 'token';
      readonly given: string;
    }
  | {
      /** HMAC-SHA256 of `message` in URL-safe base64 without padding, with one of the secrets of `MountPolicy.signedUrls`. */
      readonly type: 'signed-url';
      readonly message: string;
      readonly signature: string;
    }
  | {
      /** Whatever `MountPolicy.verify` makes of it; null: none was sent. */
      readonly type: 'bearer';
      readonly token: string | null;
    };

export interface ParsedRequest {
  readonly image: ImageRequest;
  readonly delivery: Delivery;
  readonly grant: Grant;
  /** True: the source itself is asked for, streamed through as it comes; of `image` only `source` counts. */
  readonly raw?: boolean;
  /** Names that the server whose language this is has in its caches for the picture and its original. */
  readonly names?: { readonly variant: string; readonly original: string };
}

/** HMAC-SHA256 over salt ‖ message, URL-safe base64 without padding. Any pair may match. */
export interface SignaturePolicy {
  readonly pairs: readonly { readonly key: Uint8Array; readonly salt: Uint8Array }[];
  /** Leading bytes of the digest that are compared: 1..32. */
  readonly size: number;
  /** Signature texts accepted without a check. */
  readonly trusted: readonly string[];
}

/** What a mount demands and promises, as data. */
export interface MountPolicy {
  /** null: URLs need no signature. */
  readonly signature: SignaturePolicy | null;
  /** `Authorization` must be `Bearer {secret}`. */
  readonly secret?: string;
  /** What `token` grants are compared with. Absent: nothing fits. */
  readonly token?: string;
  /** Secrets of signed URLs; with a file, one per line, read again when it changes. Absent: no signed URL fits. */
  readonly signedUrls?: { readonly secrets: readonly string[]; readonly secretsFile?: string };
  /** How `bearer` grants are checked; absent: they pass. */
  readonly verify?: VerifyPolicy;
  /** Query parameters that let in whoever has their values: the log shows the names alone. */
  readonly hiddenParameters?: readonly string[];
  /** Paths (below the prefix) answered without the secret; `/x/*` is all below `/x/`. */
  readonly open?: readonly string[];
  readonly cors?: { readonly origin: string; readonly methods: string };
  readonly age: {
    /** `Cache-Control: max-age`, seconds; 0 gives `no-cache`. */
    readonly ttlSeconds: number;
    /** Send the source's Cache-Control or Expires instead where it has one. */
    readonly passthrough: boolean;
    /** Pictures whose source says `private` or `no-store` are sent with `private, no-store` instead. */
    readonly obeyPrivate: boolean;
    /** Also send `Expires`. */
    readonly expires: boolean;
  };
  readonly etag: boolean;
  readonly lastModified: boolean;
  /** Send the source's own validators where it has some. Absent: ETags that name the picture. */
  readonly sourceValidators?: SourceValidatorRules;
  /** Send Content-Disposition. */
  readonly disposition: boolean;
  /** 0: never; 1..9: gzip image bodies for clients that accept it (v1 of imgproxy did). */
  readonly gzipLevel: number;
  /** Patterns a source URI must match one of (start anchored, `*` = any run without `/`); empty: all. */
  readonly allowedSources: readonly string[];
  /** Hosts of sources, as patterns (`lib/host-pattern.ts`). Absent: no matter. */
  readonly hosts?: {
    /** These need no signature; all others need one, and without keys nothing helps. Empty: no matter. */
    readonly allow: readonly string[];
    /** Refused, signed or not, and where no redirect may lead. */
    readonly deny: readonly string[];
  };
  /** Hosts one of which the Referer header must name. Absent or empty: no matter. */
  readonly referrers?: readonly string[];
  /** Media types that are given to clients, `*` for any run without `/`. Absent or empty: all. */
  readonly contentTypes?: readonly string[];
  /** Let the dialect see the client hints, and name their headers in `Vary`. Absent: no. */
  readonly clientHints?: boolean;
  /** `attachment` where `Delivery` does not say. Absent: no. */
  readonly attachment?: boolean;
  /** Send `Link: <source>; rel="canonical"` with http sources. Absent: no. */
  readonly canonical?: boolean;
  /** Send X-Origin-Width, X-Result-Width and so on. Absent: no. */
  readonly debugHeaders?: boolean;
  /** Shown when a source cannot be fetched or is no picture. Absent: the error is shown. */
  readonly fallback?: FallbackPolicy;
  /** Whose cookies go to sources. Absent: nobody's. */
  readonly cookies?: CookiePolicy;
  /** How answers of sources are taken and shown. Absent: only pictures are taken, and `age` says what clients are told. */
  readonly answers?: AnswerPolicy;
}

/** JSON Web Tokens (RFC 7519). */
export interface VerifyPolicy {
  /** Secret, or public key in PEM or JWK form; a file is read again when it changes. */
  readonly key: { readonly text: string } | { readonly file: string };
  /** Never taken from the token. Empty: HS256 for a secret, RS256 for PEM. */
  readonly algorithms: readonly string[];
  readonly audience?: string;
  readonly issuer?: string;
}

/** For mounts that hand on what sources say: every status but 404 counts, and what cannot be worked on goes through. */
export interface AnswerPolicy {
  /** Least age of a picture, seconds; told to clients too. */
  readonly minSeconds: number;
  /** Keep what sources say is `private` or `no-store`. */
  readonly force: boolean;
  /** Headers of the source that clients get, caching included; for validators `etag` and `lastModified` count. */
  readonly shown: readonly string[];
  /** Headers of the client that sources get, lower-case names. */
  readonly passed: readonly string[];
  /** Accept header for sources; empty: the usual one. */
  readonly accept: string;
}

/** How validators of the source become those of the reply. */
export interface SourceValidatorRules {
  /** Put before every tag, which is then encoded; empty: tags go through as they are. */
  readonly etagBuster: string;
  /** Epoch milliseconds: earliest Last-Modified that is sent. Absent: none. */
  readonly lastModifiedBuster?: number;
}

export interface FallbackPolicy {
  /** An asset of the mount. */
  readonly uri: string;
  /** 0: that of the error it stands for. */
  readonly status: number;
  /** Age it is sent with, at most; 0: as any picture. */
  readonly ttlSeconds: number;
  /** True: sent with `no-store`, whatever its age. */
  readonly noStore?: boolean;
  /** `sources` (default): failures of sources. `all`: whatever is refused or fails, but for what the mount has no path for. */
  readonly covers?: 'sources' | 'all';
  /** True: where it cannot be made as asked for, its own bytes are sent. Absent: the failure is told. */
  readonly rawToo?: boolean;
  /** Counts for passthrough like a source's. */
  readonly cacheControl?: string;
  /** True: the mount brings it, not its language. Then what may not be asked for is always told. */
  readonly ofMount?: true;
  /** How much may be made of it, in place of what the server allows. */
  readonly limits?: ResultLimits;
}

export interface CookiePolicy {
  /** True: they go to every source. */
  readonly everywhere: boolean;
  /** The site they belong to; absent: the one the client asked. */
  readonly site?: string;
}

/** Statuses and bodies the clients of an older server expect: data, not code. */
export interface ReplyStyle {
  readonly errors: Partial<
    Record<
      ErrorCode,
      {
        readonly status: number | 'upstream';
        /** `{reason}` in it is what the error has to say to the client. */
        readonly body: string;
        /** Status where the source did answer, but nothing of 400 and above. Absent: `status`. */
        readonly withoutError?: number;
        /** Of this answer. Absent: that of the style. */
        readonly contentType?: string;
      }
    >
  >;
  /** For codes not listed: `catalogue` uses the neutral row. */
  readonly otherwise: 'catalogue' | { readonly status: number; readonly body: string };
  readonly contentType: string;
  /** Headers on every reply, errors included. */
  readonly headers: Readonly<Record<string, string>>;
  /** Headers on pictures only; they win over those of every reply. */
  readonly imageHeaders?: Readonly<Record<string, string>>;
  /** Fixed answers, by exact path below the prefix. `methods` absent: GET and HEAD. */
  readonly routes: readonly FixedRoute[];
  /** True: fixed answers, metrics included, are found by the path with its escapes resolved. Absent: as it stands. */
  readonly routesDecoded?: boolean;
  /** HEAD: as GET without body, or a fixed 200. OPTIONS: always 200 or 204 without looking at the path. */
  readonly head: 'as-get' | FixedReply;
  readonly options: 'as-get' | FixedReply;
  /** Path below the prefix where the older server showed its metrics. Absent: nowhere. */
  readonly metricsPath?: string;
  /** True: methods other than GET, HEAD and OPTIONS count as GET. Absent: they are refused. */
  readonly anyMethod?: boolean;
  /**
   * True: errors also show their `detail`, which is meant for the log; `stack`: all there is to know, as a page where
   * the client takes HTML. For development only; absent means never.
   */
  readonly showDetails?: boolean | 'stack';
}

export interface FixedReply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FixedRoute {
  readonly path: string;
  /** True: `path` is a prefix. */
  readonly below?: boolean;
  /** True: asked so often that the log does not tell of it (metrics count it). */
  readonly quiet?: boolean;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A picture of the operator's own (watermark, fallback image), read once at start; a failure ends the start. */
export interface AssetSpec {
  /** Unique within the mount. */
  readonly name: string;
  /** The setting of the mount it comes from, for messages. */
  readonly setting: string;
  readonly from: { readonly base64: string } | { readonly path: string } | { readonly url: string };
}

/**
 * Scheme of the URIs under which assets are sources: `asset:{SHA-256 of the bytes}`. Another picture is another URI, so
 * variants made with the old one are not found again. No URL may name it: dialects refuse it as an unknown scheme.
 */
export const assetScheme = 'asset';

/**
 * A URL language, pure. One folder or file in `dialects/`.
 * @typeParam Settings plain values, validated by the config loader
 */
export interface Dialect<Settings> {
  readonly name: string;
  /** One sentence for help and docs. */
  readonly summary: string;
  /** @throws PictorError with URL_INVALID, OPTION_INVALID, SOURCE_INVALID, EXPIRED … and nothing else */
  parse(target: RequestTarget, settings: Settings, hints: RequestHints): ParsedRequest;
  /**
   * The grant alone, for a target that `parse` refused: where URLs are signed, a wrong signature is told before a wrong
   * option, so that nobody can feel out the grammar without a key. Absent: such a target is refused by what `parse` threw.
   * @throws PictorError URL_INVALID when not even the place of the signature can be found
   */
  grantOf?(target: RequestTarget, settings: Settings): Grant;
  /** The inverse: the path (unsigned) that asks for this picture, without mount prefix. @throws PictorError OPTION_INVALID when the grammar cannot say it */
  format(image: ImageRequest, settings: Settings): string;
  replies(settings: Settings): ReplyStyle;
  policy(settings: Settings): MountPolicy;
  /** Pictures the mount needs besides those its URLs name. The server reads them and hands their URIs to `withAssets`. */
  assets?(settings: Settings): readonly AssetSpec[];
  /** The settings that `parse` and `policy` then get. @param uris by asset name */
  withAssets?(settings: Settings, uris: Readonly<Record<string, string>>): Settings;
  /** Formats the settings let the mount choose without a URL naming them. */
  wantedFormats?(settings: Settings): readonly string[];
  /**
   * The settings that `parse` and `policy` then get, so that a format this server cannot write is no part of a key.
   * @param unwritable by name, with the reason
   */
  withoutFormats?(settings: Settings, unwritable: ReadonlyMap<string, string>): Settings;
  /** Uploads and kept objects. Absent: the dialect only reads. */
  readonly storage?: StorageGrammar<Settings>;
  /** Who is told of uploads and variants. Absent or null: nobody. */
  webhooks?(settings: Settings): WebhookPlan | null;
  /** Every setting as it takes effect, for those who ask what is set: what is left to rules is filled in, null where nothing is set. */
  effective(settings: Settings): Readonly<Record<string, unknown>>;
}
