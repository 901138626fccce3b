import { asPictorError, PictorError } from '../core/errors.ts';
import type { EmitEvent, PictorEvent } from '../core/events.ts';
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
import type { ServedImage } from '../service/serve-image-types.ts';
import { clientSignal } from './client-signal.ts';
import { isFresh } from './conditional.ts';
import { neutralErrorReply } from './errors.ts';
import { withGzip } from './gzip.ts';
import { createKnownUrls, type KnownUrl, type KnownUrls } from './known-urls.ts';
import type { HttpHandler, HttpRequest, HttpResponse, Reply } from './messages.ts';
import { createMountReplies, type MountReplies } from './mount-replies.ts';
import { createMountMatcher, type MountPlace } from './mounts.ts';
import { withRange } from './range.ts';
import { createRequestIds } from './request-id.ts';
import { sendReply } from './send-reply.ts';

/** A place on the server where a dialect answers: its grammar with its settings, what it demands and how it speaks. */
export interface Mount extends MountPlace {
  /** For log and metrics. */
  readonly name: string;
  readonly policy: MountPolicy;
  readonly style: ReplyStyle;
  parse(target: RequestTarget, hints: RequestHints): ParsedRequest;
  /** See `Dialect.grantOf`. */
  grantOf?(target: RequestTarget): Grant;
}

interface HandlerParts {
  readonly mounts: readonly Mount[];
  readonly service: ImageService;
  /** Answers what no mount answers: the landing page. Null: not found. */
  readonly elsewhere: (request: HttpRequest) => Reply | null;
  readonly extensionOf: (mediaType: string) => string;
  readonly clientOf: (request: HttpRequest) => string;
  readonly emit: EmitEvent;
}

interface MountDesk {
  readonly mount: Mount;
  readonly replies: MountReplies;
  readonly authoriser: Authoriser;
  /** Of this mount alone: another mount may answer the same target with another picture, or not at all. */
  readonly known: KnownUrls;
  /** True when headers depend on the second they are sent in: then none are kept. */
  readonly timed: boolean;
}

/** One request on its way to an answer. */
interface Arrival {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly method: string;
  readonly id: string;
  readonly began: number;
}

/** … that has found its mount. */
interface Exchange extends Arrival {
  readonly desk: MountDesk;
  readonly target: RequestTarget;
}

type RequestFacts = Omit<
  Extract<PictorEvent, { type: 'request' }>,
  'type' | 'id' | 'method' | 'target' | 'mount' | 'ms' | 'client' | 'bytes' | 'status'
>;

const header = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

/**
 * What happens to a request, from raw target to reply: mount, fixed answers, secret, grammar, signature, source, picture.
 * The one place where an error becomes an answer.
 */
export function createHandler(parts: HandlerParts): HttpHandler {
  const desks = parts.mounts.map((mount) => ({ ...mount, desk: openDesk(mount, parts.extensionOf) }));
  const find = createMountMatcher(desks);
  const idOf = createRequestIds();

  function tell(
    exchange: Arrival & Partial<Exchange>,
    sent: { status: number; bytes: number },
    facts: RequestFacts,
  ): void {
    const { request, method, id, desk, began } = exchange;
    const event: PictorEvent = {
      type: 'request',
      id,
      method,
      target: request.url ?? '',
      status: sent.status,
      mount: desk?.mount.name ?? '',
      bytes: sent.bytes,
      ms: performance.now() - began,
      client: parts.clientOf(request),
      ...facts,
    };
    parts.emit(event);
  }

  function finish(exchange: Arrival & Partial<Exchange>, reply: Reply, facts: RequestFacts): void {
    const bytes = sendReply(exchange.response, reply, exchange.method);
    tell(exchange, { status: reply.status, bytes }, facts);
  }

  /** A URL that was answered a moment ago, whose bytes are still in memory. */
  function answerKnown(exchange: Exchange, entry: KnownUrl, body: Uint8Array): void {
    const { facts } = entry;
    const { image, source } = facts;
    const told: RequestFacts = { cache: 'hit', tier: 'memory', source };
    const special = conditionOf(exchange.request, exchange.desk) ?? exchange.request.headers.range;
    if (special === undefined && exchange.method === 'GET') {
      const headers = entry.headers.slice();
      headers[entry.idAt] = exchange.id;
      exchange.response.writeHead(200, headers);
      exchange.response.end(body);
      tell(exchange, { status: 200, bytes: body.length }, told);
      return;
    }
    const reply = pictureReply(exchange, { ...facts, image: { ...image, body } });
    finish(exchange, reply, told);
  }

  /** Everything that may refuse a request before its picture is looked for. */
  function admit({ request, method, id, desk, target }: Exchange): Reply | ParsedRequest {
    const options = method === 'OPTIONS' ? desk.replies.options(id) : null;
    if (options !== null) return options;
    const fixedHead = method === 'HEAD' ? desk.replies.head(id) : null;
    if (fixedHead !== null) return fixedHead;
    if (!isTaken(method, desk)) throw new PictorError('METHOD_NOT_ALLOWED');
    if (desk.mount.policy.open?.includes(target.path) !== true)
      desk.authoriser.secret(request.headers.authorization);
    const route = desk.replies.routeFor(target.path);
    if (route !== null) return desk.replies.fixed(route, id);
    const parsed = parseOrRefuse(desk, target, hintsOf(request));
    desk.authoriser.grant(parsed.grant, parsed.image.source);
    desk.authoriser.source(parsed.image.source);
    desk.authoriser.referrer(request.headers.referer);
    const { expiresAt } = parsed.delivery;
    if (expiresAt !== undefined && Date.now() >= expiresAt * 1000) throw new PictorError('EXPIRED');
    return parsed;
  }

  async function picture(exchange: Exchange, parsed: ParsedRequest): Promise<void> {
    const { request, response, desk } = exchange;
    const { source } = parsed.image;
    const image = await parts.service.serve({
      image: parsed.image,
      signal: clientSignal(response),
      visits: desk.authoriser.visits(source),
      clientHolds: (etag, lastModified) => clientHolds(request, desk, { etag, lastModified }),
    });
    desk.authoriser.contentType(image.mediaType);
    const facts = { image, delivery: parsed.delivery, source };
    const plain = pictureReply(exchange, facts);
    const reply = await withGzip(
      plain,
      desk.mount.policy.gzipLevel,
      header(request.headers['accept-encoding']),
    );
    const entry = desk.timed ? null : knownFrom(desk, facts);
    if (entry !== null) desk.known.keep(exchange.target.raw, request.headers.accept, entry);
    const { cache, tier, timings } = image;
    finish(exchange, reply, {
      cache,
      source,
      ...(tier === undefined ? {} : { tier }),
      ...(timings === undefined ? {} : { timings }),
    });
  }

  async function answer(exchange: Exchange): Promise<void> {
    let source: string | undefined;
    try {
      const admitted = admit(exchange);
      if (!('image' in admitted)) return finish(exchange, admitted, { cache: 'none' });
      source = admitted.image.source;
      await picture(exchange, admitted);
    } catch (thrown) {
      const error = asPictorError(thrown);
      const reply = exchange.desk.replies.error(error, exchange.id);
      finish(exchange, reply, {
        cache: 'none',
        error: error.code,
        ...(source === undefined ? {} : { source }),
        ...(error.detail === undefined ? {} : { detail: error.detail }),
      });
    }
  }

  function nowhere(exchange: Arrival): void {
    const found = parts.elsewhere(exchange.request);
    if (found !== null) {
      finish(
        exchange,
        { ...found, headers: [...found.headers, 'X-Request-ID', exchange.id] },
        { cache: 'none' },
      );
      return;
    }
    const error = new PictorError('NOT_FOUND');
    finish(exchange, neutralErrorReply(error, exchange.id), { cache: 'none', error: error.code });
  }

  return (request, response) => {
    const began = performance.now();
    const id = idOf(request.headers['x-request-id']);
    const method = request.method ?? 'GET';
    const match = find(request.url ?? '', header(request.headers[':authority']) ?? request.headers.host);
    if (match === null) return nowhere({ request, response, method, id, began });
    const { desk } = match.mount;
    const exchange: Exchange = { request, response, method, id, desk, target: match.target, began };
    const entry = isSimple(method, desk)
      ? desk.known.find(match.target.raw, request.headers.accept)
      : undefined;
    if (entry !== undefined && entry.until > Date.now() && mayPass(desk, request)) {
      const body = parts.service.peek(entry.facts.image.key, entry.facts.image.etag);
      if (body !== null) return answerKnown(exchange, entry, body);
    }
    return answer(exchange);
  };
}

function openDesk(mount: Mount, extensionOf: (mediaType: string) => string): MountDesk {
  const { policy, style } = mount;
  return {
    mount,
    replies: createMountReplies({ policy, style, extensionOf }),
    authoriser: createAuthoriser(policy),
    known: createKnownUrls(),
    timed: policy.age.expires || policy.age.passthrough || policy.gzipLevel > 0,
  };
}

/** A wrong signature is told before a wrong option: nobody feels out the grammar without a key. */
function parseOrRefuse(
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

const hintsOf = (request: HttpRequest): RequestHints =>
  request.headers.accept === undefined ? {} : { accept: request.headers.accept };

const isTaken = (method: string, { mount: { style } }: MountDesk): boolean =>
  method === 'GET' ||
  method === 'HEAD' ||
  (method === 'OPTIONS' && style.options === 'as-get') ||
  style.anyMethod === true;

const isSimple = (method: string, desk: MountDesk): boolean =>
  method === 'GET' || (method === 'HEAD' && desk.mount.style.head === 'as-get');

/** The known way may only be taken where the long way would get past the secret and the list of referrers. */
function mayPass({ mount: { policy }, authoriser }: MountDesk, { headers }: HttpRequest): boolean {
  if (policy.secret === undefined && (policy.referrers ?? []).length === 0) return true;
  try {
    authoriser.secret(headers.authorization);
    authoriser.referrer(headers.referer);
    return true;
  } catch {
    return false;
  }
}

const conditionOf = (request: HttpRequest, { mount: { policy } }: MountDesk): string | undefined =>
  (policy.etag ? header(request.headers['if-none-match']) : undefined) ??
  (policy.lastModified ? request.headers['if-modified-since'] : undefined);

/** Validators count only where the mount sends them. */
function clientHolds(
  request: HttpRequest,
  { mount: { policy } }: MountDesk,
  known: { etag: string; lastModified?: string | undefined },
): boolean {
  const conditions = {
    ifNoneMatch: header(request.headers['if-none-match']),
    ifModifiedSince: request.headers['if-modified-since'],
  };
  return isFresh(conditions, {
    etag: policy.etag ? known.etag : undefined,
    lastModified: policy.lastModified ? known.lastModified : undefined,
  });
}

/** 200, 304, 206 or 416 for a picture that is at hand. */
function pictureReply(
  { request, method, id, desk }: Exchange,
  facts: { image: ServedImage; delivery: ParsedRequest['delivery']; source: string },
): Reply {
  const { image } = facts;
  const held = image.body === null || clientHolds(request, desk, image);
  const reply = desk.replies.image({
    ...facts,
    image: held ? { ...image, body: null } : image,
    requestId: id,
    now: Date.now(),
  });
  if (method !== 'GET') return reply;
  const range = { range: request.headers.range, ifRange: header(request.headers['if-range']) };
  return withRange(reply, range, image);
}

/** What can be repeated for the next request of this URL; null when it cannot. */
function knownFrom(
  desk: MountDesk,
  facts: { image: ServedImage; delivery: ParsedRequest['delivery']; source: string },
): KnownUrl | null {
  const { image, delivery, source } = facts;
  const now = Date.now();
  if (image.body === null || !image.shareable || delivery.expiresAt !== undefined || image.freshUntil <= now)
    return null;
  const reply = desk.replies.image({ ...facts, requestId: '', now });
  const headers = [...reply.headers, 'Content-Length', String(image.body.length)];
  return {
    // The bytes stay in the store: kept here they would escape its bound.
    facts: { image: { ...image, body: null }, delivery, source },
    headers,
    idAt: headers.indexOf('X-Request-ID') + 1,
    until: image.freshUntil,
  };
}
