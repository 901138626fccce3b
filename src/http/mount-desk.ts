import type {
  Grant,
  MountPolicy,
  ParsedRequest,
  ReplyStyle,
  RequestHints,
  RequestTarget,
} from '../request/dialect.ts';
import { type Authoriser, createAuthoriser } from '../service/authorise.ts';
import type { ImageService } from '../service/serve-image.ts';
import { type CookieRule, createCookieRule } from './cookies.ts';
import { createKnownObjects, type KnownObjects } from './known-objects.ts';
import { createKnownUrls, type KnownUrls } from './known-urls.ts';
import { type HttpRequest, headerText } from './messages.ts';
import { createMountReplies, type MountReplies } from './mount-replies.ts';
import type { MountPlace } from './mounts.ts';
import { createSourceTerms, type SourceTerms } from './source-terms.ts';
import type { MountStorage } from './storage-desk.ts';
import { createValidators, type ShownValidators, type ValidatorFacts } from './validators.ts';

/** A place on the server where a dialect answers: its grammar with its settings, what it demands and how it speaks. */
export interface Mount extends MountPlace {
  /** For log and metrics. */
  readonly name: string;
  readonly policy: MountPolicy;
  readonly style: ReplyStyle;
  parse(target: RequestTarget, hints: RequestHints): ParsedRequest;
  /** See `Dialect.grantOf`. */
  grantOf?(target: RequestTarget): Grant;
  /** Set where the dialect keeps pictures itself: then it answers everything. */
  readonly storage?: MountStorage;
}

/** A mount with what makes its pictures: those of one cache have it in common. */
export interface ServedMount extends Mount {
  readonly service: ImageService;
}

/** A mount with everything made ready that its requests need. */
export interface MountDesk {
  readonly mount: Mount;
  readonly service: Pick<ImageService, 'serve' | 'peek'>;
  readonly replies: MountReplies;
  readonly authoriser: Authoriser;
  readonly validators: (facts: ValidatorFacts) => ShownValidators;
  /** What sources are told of the client, and how their answers are taken. */
  readonly terms: SourceTerms;
  /** Null: nobody's cookies go anywhere. */
  readonly cookies: CookieRule | null;
  /** Of this mount alone: another mount may answer the same target with another picture, or not at all. */
  readonly known: KnownUrls;
  /** The same of a mount that keeps pictures. */
  readonly knownObjects: KnownObjects;
  /** True when headers depend on the second they are sent in: then none are kept. */
  readonly timed: boolean;
  /** True: a known URL may be answered to anyone. */
  readonly free: boolean;
  /** Whether a path below the prefix is answered without the secret. */
  isOpen(path: string): boolean;
}

export function openDesk(mount: ServedMount, extensionOf: (mediaType: string) => string): MountDesk {
  const { policy, style } = mount;
  const { open = [], age, secret, referrers = [], cookies } = policy;
  const exact = new Set(open);
  const below = open.filter((path) => path.endsWith('/*')).map((path) => path.slice(0, -1));
  return {
    mount,
    service: mount.service,
    replies: createMountReplies({ policy, style, extensionOf }),
    authoriser: createAuthoriser(policy),
    validators: createValidators(policy),
    terms: createSourceTerms(policy),
    cookies: cookies === undefined ? null : createCookieRule(cookies),
    known: createKnownUrls(),
    knownObjects: createKnownObjects(),
    timed: age.expires || age.passthrough || policy.gzipLevel > 0 || (policy.answers?.passed.length ?? 0) > 0,
    free: secret === undefined && referrers.length === 0 && cookies === undefined,
    isOpen: (path) => exact.has(path) || below.some((start) => path.startsWith(start)),
  };
}

/** A wrong signature is told before a wrong option: nobody feels out the grammar without a key. */
export function parseOrRefuse(
  { mount, authoriser }: MountDesk,
  target: RequestTarget,
  hints: RequestHints,
): ParsedRequest {
  try {
    return mount.parse(target, hints);
  } catch (refusal) {
    if (mount.grantOf !== undefined) authoriser.grant(mount.grantOf(target));
    throw refusal;
  }
}

/** What the dialect may look at. Client hints have two names each, the newer one first. */
export function hintsOf({ mount: { policy } }: MountDesk, { headers }: HttpRequest): RequestHints {
  const accept = headers.accept === undefined ? {} : { accept: headers.accept };
  if (policy.clientHints !== true) return accept;
  const dpr = headerText(headers['sec-ch-dpr'] ?? headers['dpr']);
  const width = headerText(headers['sec-ch-width'] ?? headers['width']);
  return { ...accept, ...(dpr === undefined ? {} : { dpr }), ...(width === undefined ? {} : { width }) };
}

/** The headers that may choose among the pictures of one URL, as one text. */
export function choiceOf(desk: MountDesk, request: HttpRequest): string | undefined {
  if (desk.mount.policy.clientHints !== true) return request.headers.accept;
  const { accept = '', dpr = '', width = '' } = hintsOf(desk, request);
  return `${accept}\n${dpr}\n${width}`;
}

export const isTaken = (method: string, { mount: { style } }: MountDesk): boolean =>
  method === 'GET' ||
  method === 'HEAD' ||
  (method === 'OPTIONS' && style.options === 'as-get') ||
  style.anyMethod === true;

export const isSimple = (method: string, desk: MountDesk): boolean =>
  method === 'GET' || (method === 'HEAD' && desk.mount.style.head === 'as-get');

/**
 * The known way may only be taken where the long way would get past the secret and the list of referrers, and by nobody
 * whose cookies may make it another picture.
 */
export function mayPass({ free, cookies, authoriser }: MountDesk, { headers }: HttpRequest): boolean {
  if (free) return true;
  if (cookies !== null && headers.cookie !== undefined) return false;
  try {
    authoriser.secret(headers.authorization);
    authoriser.referrer(headers.referer);
    return true;
  } catch {
    return false;
  }
}
