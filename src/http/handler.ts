import { asPictorError, PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { ParsedRequest } from '../request/dialect.ts';
import type { SourceStreams } from '../service/stream-source.ts';
import type { CheckRequest } from '../service/verify-request.ts';
import type { OriginOf } from './call.ts';
import { clientSignal, isGone } from './client-signal.ts';
import type { CookieScope } from './cookies.ts';
import { neutralErrorReply } from './errors.ts';
import {
  type Arrival,
  askedRequest,
  createCounter,
  type Exchange,
  failureFacts,
  type RequestFacts,
} from './exchange.ts';
import { withGzip } from './gzip.ts';
import { isStillGood, type KnownUrl } from './known-urls.ts';
import { type HttpHandler, type HttpRequest, headerText, type Reply } from './messages.ts';
import {
  choiceOf,
  hintsOf,
  isSimple,
  isTaken,
  mayPass,
  openDesk,
  parseOrRefuse,
  type ServedMount,
} from './mount-desk.ts';
import { createMountMatcher } from './mounts.ts';
import { clientHolds, conditionOf, knownFrom, type PictureFacts, pictureReply } from './picture-reply.ts';
import type { Readiness } from './probes.ts';
import { sendRaw } from './raw.ts';
import { createRequestIds } from './request-id.ts';
import { createStandIn } from './stand-in.ts';
import { createStorageDesk } from './storage-desk.ts';
import { createTurns, type TurnLimits } from './turns.ts';

interface HandlerParts {
  readonly mounts: readonly ServedMount[];
  /** For requests of the source itself. */
  readonly streams: SourceStreams;
  /** Answers what no mount answers: the landing page. Null: not found. */
  readonly elsewhere: (request: HttpRequest) => Reply | null;
  /** The page at the place where a mount shows metrics. */
  readonly metricsPage: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly extensionOf: (mediaType: string) => string;
  readonly clientOf: (request: HttpRequest) => string;
  /** For mounts that keep pictures; null where there is none. */
  readonly storage: HandlerStorage | null;
  /** Of the embedding program; null: nobody else is asked. */
  readonly check: CheckRequest | null;
  readonly emit: EmitEvent;
}

interface HandlerStorage {
  readonly originOf: OriginOf;
  /** Seconds an HTTP/2 client has to send a body; 0: no limit. */
  readonly bodySeconds: number;
  readonly readiness: () => Readiness;
}

export type { Mount, ServedMount } from './mount-desk.ts';

/** Of requests that are no repeated hits; each takes the event loop for a fraction of a millisecond. */
const longAnswers: TurnLimits = { perTurn: 2, atOnce: 8, patienceMs: 25 };

/**
 * What happens to a request, from raw target to reply: mount, fixed answers, secret, grammar, signature, source, picture.
 * The one place where an error becomes an answer.
 */
export function createHandler(parts: HandlerParts): HttpHandler {
  const desks = parts.mounts.map((mount) => ({ ...mount, desk: openDesk(mount, parts.extensionOf) }));
  const find = createMountMatcher(desks);
  const idOf = createRequestIds();
  const takeTurns = createTurns(longAnswers);
  const counter = createCounter(parts);
  const { tell, finish } = counter;
  const standIn = createStandIn(parts);
  const storageDesk =
    parts.storage === null
      ? null
      : createStorageDesk({ ...parts.storage, check: parts.check, counter, standIn });

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
    if (!desk.isOpen(target.path)) desk.authoriser.secret(request.headers.authorization);
    const route = desk.replies.routeFor(target.path);
    if (route !== null) return desk.replies.fixed(route, id);
    const parsed = parseOrRefuse(desk, target, hintsOf(desk, request));
    desk.authoriser.grant(parsed.grant, parsed.image.source);
    desk.authoriser.source(parsed.image.source);
    desk.authoriser.referrer(request.headers.referer);
    const { expiresAt } = parsed.delivery;
    if (expiresAt !== undefined && Date.now() >= expiresAt * 1000) throw new PictorError('EXPIRED');
    return parsed;
  }

  async function picture(exchange: Exchange, parsed: ParsedRequest, scope: CookieScope): Promise<void> {
    const { request, response, desk } = exchange;
    const { source } = parsed.image;
    const chosen = wasChosen(request, parsed);
    const terms = desk.terms(request, parsed);
    const personal = terms.passed?.personal === true ? { forOne: true } : {};
    const signal = clientSignal(response);
    let facts: PictureFacts;
    try {
      const image = await desk.service.serve({
        image: parsed.image,
        signal,
        visits: desk.authoriser.visits(source),
        cookies: scope.cookies,
        ...terms,
        clientHolds: (known) => clientHolds(exchange, known, chosen),
      });
      facts = { image, ...deliveredIn(parsed, scope), ...personal, chosen };
    } catch (thrown) {
      const error = asPictorError(thrown);
      const asked = { image: parsed.image, delivered: deliveredIn(parsed, scope), signal };
      const reply = await standIn(exchange, asked, error);
      if (reply === null) throw error;
      return finish(exchange, reply, { ...failureFacts(error, source), cache: 'none', fallback: true });
    }
    const { image } = facts;
    // What the client holds is not given once more, and of nothing nobody says what it is.
    if (image.body !== null && image.body.length > 0)
      desk.authoriser.contentType(image.declaredType ?? image.mediaType);
    const plain = pictureReply(exchange, facts);
    const reply = await withGzip(
      plain,
      desk.mount.policy.gzipLevel,
      headerText(request.headers['accept-encoding']),
    );
    const entry = desk.timed || scope.cookies !== undefined ? null : knownFrom(desk, facts);
    if (entry !== null) desk.known.keep(exchange.target.raw, choiceOf(desk, request), entry);
    const { cache, tier, timings } = image;
    finish(exchange, reply, {
      cache,
      source,
      ...(tier === undefined ? {} : { tier }),
      ...(timings === undefined ? {} : { timings }),
    });
  }

  /** The source itself, as it comes. */
  async function raw(exchange: Exchange, parsed: ParsedRequest, scope: CookieScope): Promise<void> {
    const { image } = parsed;
    const { status, bytes, error } = await sendRaw(exchange, {
      streams: parts.streams,
      signal: clientSignal(exchange.response),
      visits: exchange.desk.authoriser.visits(image.source),
      maxBytes: image.limits?.maxSourceBytes,
      scope,
      ...deliveredIn(parsed, scope),
    });
    const facts: RequestFacts =
      error === null
        ? { cache: 'bypass', source: image.source }
        : { ...failureFacts(error, image.source), cache: 'bypass' };
    tell(exchange, { status, bytes }, facts);
  }

  async function metrics(exchange: Exchange): Promise<void> {
    const { contentType, text } = await parts.metricsPage();
    const route = { path: '', status: 200, contentType, body: text };
    finish(exchange, exchange.desk.replies.fixed(route, exchange.id), { cache: 'none', quiet: true });
  }

  async function answer(exchange: Exchange): Promise<void> {
    const { request, desk, target } = exchange;
    let source: string | undefined;
    try {
      if (desk.replies.isMetrics(target.path)) return await metrics(exchange);
      const admitted = admit(exchange);
      if (!('image' in admitted))
        return finish(exchange, admitted, {
          cache: 'none',
          ...(admitted.quiet === true ? { quiet: true } : {}),
        });
      source = admitted.image.source;
      if (parts.check !== null) await parts.check(admitted.grant, askedRequest(exchange));
      const scope = desk.cookies?.(request, source) ?? { applies: false };
      await (admitted.raw === true ? raw : picture)(exchange, admitted, scope);
    } catch (thrown) {
      const error = asPictorError(thrown);
      const { accept } = request.headers;
      const reply = desk.replies.error(error, { requestId: exchange.id, accept });
      finish(exchange, reply, { ...failureFacts(error, source), cache: 'none' });
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
    const id = idOf(request.headers['x-request-id'], request.headers['x-amzn-request-context']);
    const method = request.method ?? 'GET';
    const match = find(request.url ?? '', headerText(request.headers[':authority']) ?? request.headers.host);
    if (match === null) return nowhere({ request, response, method, id, began });
    const { desk } = match.mount;
    const exchange: Exchange = { request, response, method, id, desk, target: match.target, began };
    const { storage } = desk.mount;
    if (storage !== undefined && storageDesk !== null) return storageDesk(exchange, storage);
    const entry = isSimple(method, desk)
      ? desk.known.find(match.target.raw, choiceOf(desk, request))
      : undefined;
    if (entry !== undefined && parts.check === null && isStillGood(entry, began) && mayPass(desk, request)) {
      const body = desk.service.peek(entry.facts.image.key, entry.facts.image.etag);
      if (body !== null) return answerKnown(exchange, entry, body);
    }
    return new Promise((resolve, reject) => {
      takeTurns(() => {
        if (isGone(response)) resolve();
        else answer(exchange).then(resolve, reject);
      });
    });
  };
}

/** How a picture is handed over; what depends on cookies says so. */
function deliveredIn(
  { delivery, image }: ParsedRequest,
  { applies, cookies }: CookieScope,
): Pick<PictureFacts, 'delivery' | 'source' | 'forOne'> {
  return {
    delivery: applies ? { ...delivery, vary: [...delivery.vary, 'Cookie'] } : delivery,
    source: image.source,
    ...(cookies === undefined ? {} : { forOne: true }),
  };
}

/** Whether headers had a say in which picture the URL gives: negotiated formats, or hints that are there. */
function wasChosen({ headers }: HttpRequest, { image, delivery }: ParsedRequest): boolean {
  if ((image.output.format.negotiated ?? []).length > 0) return true;
  return delivery.vary.some((name) => name !== 'Accept' && headers[name.toLowerCase()] !== undefined);
}
