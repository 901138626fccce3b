import type { buildConnector, Dispatcher } from 'undici';
import { PictorError } from '../core/errors.ts';
import type {
  NotModified,
  OpenContext,
  Original,
  Source,
  SourceResponse,
  Validators,
} from '../core/ports.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import type { ResolveAll } from './guarded-connector.ts';
import { createHostGuard, type HostGuard } from './host-guard.ts';
import { codingsOf, readBody } from './http-body.ts';
import { classifyHeadFailure, isStaleConnection } from './http-errors.ts';
import { createHttpRoutes, type HttpRoutes } from './http-routes.ts';
import { type HttpTarget, parseHttpUrl, resolveLocation } from './http-url.ts';
import type { HttpSourceSettings } from './settings.ts';
import { tooLarge } from './too-large.ts';

export interface HttpSourceParts {
  /** Version of pictor, for the default User-Agent. */
  readonly version: string;
  /** Resolver and connector of direct connections; for tests, which reach nothing but loopback. */
  readonly resolve?: ResolveAll;
  readonly build?: typeof buildConnector;
}

type Answer = Dispatcher.ResponseData;

interface Fetching {
  readonly settings: HttpSourceSettings;
  readonly parts: HttpSourceParts;
  readonly routes: HttpRoutes;
  readonly guard: HostGuard;
  readonly context: OpenContext;
  readonly deadline: Deadline;
}

/**
 * Originals from web servers, by GET. Nothing of the client's request is passed on, no cookie is kept, and every hop of
 * a redirect is checked like a URL of its own. A body is handed over decoded, and either whole or as an error.
 *
 * Statuses: 200, 203 and a 206 that covers everything are an image; 404 and 410 SOURCE_NOT_FOUND; other 4xx
 * SOURCE_REFUSED; everything else SOURCE_FAILED.
 */
export function createHttpSource(settings: HttpSourceSettings, parts: HttpSourceParts): Source {
  const guard = createHostGuard(settings);
  const routes = createHttpRoutes({ ...parts, settings, guard });
  return {
    schemes: ['http', 'https'],
    async open(uri, context) {
      const target = parseHttpUrl(uri);
      if (target === null) throw new PictorError('SOURCE_INVALID', { detail: uri });
      if (target.authorization !== null && !settings.allowUserInfo) {
        throw new PictorError('SOURCE_INVALID', { detail: `user-info is not enabled: ${target.origin}` });
      }
      const deadline = startDeadline(context.signal, settings.timeoutSeconds);
      const fetching: Fetching = { settings, parts, routes, guard, context, deadline };
      try {
        return await fetchFollowing(fetching, target);
      } catch (thrown) {
        deadline.end();
        throw deadline.failure() ?? thrown;
      }
    },
    close: () => routes.close(),
  };
}

async function fetchFollowing(fetching: Fetching, first: HttpTarget): Promise<Original | NotModified> {
  const visited: string[] = [];
  for (let target = first; ; ) {
    fetching.guard.checkLiteral(target);
    const answer = await send(fetching, target);
    if (!redirects.has(answer.statusCode) || answer.headers.location === undefined) {
      const received = await receive(fetching, answer);
      return visited.length === 0 ? received : { ...received, visited };
    }
    await discard(answer, fetching.deadline.signal);
    if (visited.length >= fetching.settings.maxRedirects) {
      throw new PictorError('SOURCE_REDIRECTS', {
        detail: `more than ${visited.length} redirects`,
        upstreamStatus: answer.statusCode,
      });
    }
    target = nextTarget(fetching, target, answer);
    visited.push(allowedStop(fetching, target));
  }
}

/** Where a redirect leads, when whoever asks may be led there. Without user-info, which no rule needs to know. */
function allowedStop({ context }: Fetching, { origin, path }: HttpTarget): string {
  const url = origin + path;
  if (context.visits?.allows(url) === false)
    throw new PictorError('SOURCE_NOT_ALLOWED', { detail: `redirected to ${url}` });
  return url;
}

/** RFC 9110 section 15.4; 300, 304 and 305 are no redirects to follow. */
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function nextTarget({ settings }: Fetching, from: HttpTarget, answer: Answer): HttpTarget {
  const location = String(answer.headers.location);
  const text = resolveLocation(location, from);
  const next = text === null ? null : parseHttpUrl(text);
  if (next === null || (next.authorization !== null && !settings.allowUserInfo)) {
    throw new PictorError('SOURCE_REDIRECTS', {
      detail: `Location: ${location}`,
      upstreamStatus: answer.statusCode,
    });
  }
  // Credentials stay with the origin they were written for.
  const authorization = next.authorization ?? (next.origin === from.origin ? from.authorization : null);
  return { ...next, authorization };
}

/** @throws PictorError for everything that happens before the head of an answer is here */
async function send(fetching: Fetching, target: HttpTarget): Promise<Answer> {
  const { deadline, routes } = fetching;
  const route = routes.routeTo(target);
  const request = () =>
    route.dispatcher.request({
      origin: route.origin,
      path: route.path,
      method: 'GET',
      headers: { ...requestHeaders(fetching, target), ...route.headers },
      signal: deadline.signal,
    });
  try {
    return await request().catch((thrown: unknown) => {
      if (deadline.failure() === null && isStaleConnection(thrown)) return request();
      throw thrown;
    });
  } catch (thrown) {
    throw deadline.failure() ?? classifyHeadFailure(thrown);
  }
}

function requestHeaders({ settings, parts, context }: Fetching, target: HttpTarget): Record<string, string> {
  const { etag, lastModified } = context.known ?? {};
  return {
    'user-agent': settings.userAgent === '' ? `pictor/${parts.version}` : settings.userAgent,
    // No single format is named, so that an origin which negotiates sends what it stores and not a conversion of it.
    accept: 'image/*,*/*;q=0.1',
    'accept-encoding': 'gzip',
    ...(target.authorization === null ? {} : { authorization: target.authorization }),
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  };
}

async function receive({ context, deadline }: Fetching, answer: Answer): Promise<Original | NotModified> {
  const response = describe(answer);
  const status = answer.statusCode;
  const asked = context.known?.etag !== undefined || context.known?.lastModified !== undefined;
  if (status === 304 && asked) {
    await discard(answer, deadline.signal);
    deadline.end();
    return { status: 'not-modified', response };
  }
  const refused = refusalOf(response, context.maxBytes);
  if (refused !== null) {
    await discard(answer, deadline.signal);
    throw refused;
  }
  const contentEncoding = response.headers['content-encoding'];
  const size = codingsOf(contentEncoding).length === 0 ? lengthOf(response) : undefined;
  const contentType = response.headers['content-type'];
  return {
    status: 'found',
    body: {
      stream: readBody(answer.body, {
        maxBytes: context.maxBytes,
        contentEncoding,
        expectedBytes: status === 206 ? wholeRange(response) : undefined,
        deadline,
      }),
    },
    ...(size === undefined ? {} : { size }),
    ...(contentType === undefined ? {} : { contentType }),
    validators: validatorsOf(response),
    response,
  };
}

/** Why an answer is no image we could read; null when it is one. */
function refusalOf(response: SourceResponse, maxBytes: number): PictorError | null {
  const { status } = response;
  const failure = { upstreamStatus: status, detail: `status ${status}` };
  if (status === 404 || status === 410) return new PictorError('SOURCE_NOT_FOUND', failure);
  if (status >= 400 && status < 500) return new PictorError('SOURCE_REFUSED', failure);
  const whole = status === 200 || status === 203 || (status === 206 && wholeRange(response) !== undefined);
  if (!whole) return new PictorError('SOURCE_FAILED', failure);
  return (lengthOf(response) ?? 0) > maxBytes ? tooLarge(maxBytes) : null;
}

/** Length of a representation of which a 206 holds everything; undefined when it holds a part, or does not say. */
function wholeRange({ headers }: SourceResponse): number | undefined {
  const match = /^bytes 0-(\d+)\/(\d+)$/i.exec(headers['content-range']?.trim() ?? '');
  return match !== null && Number(match[1]) + 1 === Number(match[2]) ? Number(match[2]) : undefined;
}

function lengthOf({ headers }: SourceResponse): number | undefined {
  const text = headers['content-length'];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function validatorsOf({ headers }: SourceResponse): Validators {
  const etag = headers.etag;
  const lastModified = headers['last-modified'];
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

function describe({ statusCode, headers }: Answer): SourceResponse {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    // A cookie was set for this one fetch; nobody may find it in a cache.
    if (value === undefined || name === 'set-cookie') continue;
    plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { status: statusCode, headers: plain };
}

const discardBytes = 16 * 1024;
const discardMs = 1000;

/** Reads a short body nobody wants, so that its connection can be used again; gives up on long and slow ones. */
async function discard(answer: Answer, signal: AbortSignal): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(discardMs)]);
  await answer.body.dump({ limit: discardBytes, signal: patience }).catch(() => {});
}
