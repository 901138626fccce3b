import type { buildConnector } from 'undici';
import { PictorError } from '../core/errors.ts';
import type {
  NotModified,
  OpenContext,
  Original,
  Source,
  SourceResponse,
  SourceStream,
  StreamContext,
  Validators,
} from '../core/ports.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import type { ResolveAll } from './guarded-connector.ts';
import { createHostGuard } from './host-guard.ts';
import { codingsOf, readBody } from './http-body.ts';
import { type Answer, discard, type Fetching, type Followed, fetchFollowing } from './http-follow.ts';
import { createHttpRoutes } from './http-routes.ts';
import { type HttpTarget, parseHttpUrl } from './http-url.ts';
import type { HttpSourceSettings } from './settings.ts';
import { tooLarge } from './too-large.ts';

export interface HttpSourceParts {
  /** Version of pictor, for the default User-Agent. */
  readonly version: string;
  /** Resolver and connector of direct connections; for tests, which reach nothing but loopback. */
  readonly resolve?: ResolveAll;
  readonly build?: typeof buildConnector;
}

/**
 * Originals from web servers, by GET. Of the client's request nothing is passed on but what the context names, cookies
 * live for one download, and every hop of a redirect is checked like a URL of its own. `open` hands a body over decoded,
 * and either whole or as an error; `stream` hands over what came.
 *
 * Statuses: 200, 203 and a 206 that covers everything are an image; 404 and 410 SOURCE_NOT_FOUND; other 4xx
 * SOURCE_REFUSED; everything else SOURCE_FAILED. `stream` passes all of them on, and so does `open` with `anyAnswer`,
 * all but 404.
 */
export function createHttpSource(settings: HttpSourceSettings, parts: HttpSourceParts): Source {
  const guard = createHostGuard(settings);
  const routes = createHttpRoutes({ ...parts, settings, guard });

  /** Sends the request, and lets go of everything when that or the use of its answer fails. */
  async function fetch<Result>(
    uri: string,
    { signal, visits, cookies, passed, anyAnswer = false }: Omit<OpenContext, 'maxBytes' | 'known'>,
    { headers, use }: Asked<Result>,
  ): Promise<Result> {
    const first = checkedTarget(uri, settings);
    const deadline = startDeadline(signal, settings.timeoutSeconds);
    const always = { ...ourHeaders(settings, parts.version), ...headers };
    try {
      const fetching: Fetching = {
        settings,
        routes,
        guard,
        deadline,
        headers: always,
        visits,
        cookies,
        passed,
        anyAnswer,
      };
      return await use(await fetchFollowing(fetching, first), deadline);
    } catch (thrown) {
      deadline.end();
      throw deadline.failure() ?? thrown;
    }
  }

  return {
    schemes: ['http', 'https'],
    open: (uri, context) =>
      fetch(uri, context, {
        headers: openHeaders(context),
        use: (followed, deadline) => receive(followed, context, deadline),
      }),
    stream: (uri, context) =>
      fetch(uri, context, {
        headers: context.headers,
        use: ({ answer }, deadline) => passOn(answer, context, deadline),
      }),
    close: () => routes.close(),
  };
}

interface Asked<Result> {
  /** Besides our own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly use: (followed: Followed, deadline: Deadline) => Promise<Result>;
}

/** @throws PictorError SOURCE_INVALID */
function checkedTarget(uri: string, { allowUserInfo }: HttpSourceSettings): HttpTarget {
  const target = parseHttpUrl(uri);
  if (target === null) throw new PictorError('SOURCE_INVALID', { detail: uri });
  if (target.authorization !== null && !allowUserInfo)
    throw new PictorError('SOURCE_INVALID', { detail: `user-info is not enabled: ${target.origin}` });
  return target;
}

const ourHeaders = ({ userAgent, accept }: HttpSourceSettings, version: string) => ({
  'user-agent': userAgent === '' ? `pictor/${version}` : userAgent,
  ...(accept === '' ? {} : { accept }),
});

function openHeaders({ known = {} }: OpenContext): Record<string, string> {
  const { etag, lastModified } = known;
  return {
    'accept-encoding': 'gzip',
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  };
}

async function receive(
  { answer, visited: stops }: Followed,
  context: OpenContext,
  deadline: Deadline,
): Promise<Original | NotModified> {
  const response = describe(answer);
  const visited = stops.length === 0 ? {} : { visited: stops };
  const status = answer.statusCode;
  const asked = context.known?.etag !== undefined || context.known?.lastModified !== undefined;
  if (status === 304 && asked) {
    await discard(answer, deadline.signal);
    deadline.end();
    return { status: 'not-modified', response, ...visited };
  }
  const refused = refusalOf(response, context);
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
    ...visited,
  };
}

/** The answer as it is, in the bytes it came in. While nobody asks for more of it, the clock stands still. */
async function passOn(
  answer: Answer,
  { maxBytes }: StreamContext,
  deadline: Deadline,
): Promise<SourceStream> {
  const response = describe(answer);
  const { status } = response;
  if (status > 599) throw new PictorError('SOURCE_FAILED', { detail: `status ${status}` });
  if ((lengthOf(response) ?? 0) > maxBytes) throw tooLarge(maxBytes);
  // Also when nobody comes to read it.
  answer.body.on('error', () => {});
  deadline.pause();
  const rules = { maxBytes, contentEncoding: undefined, expectedBytes: undefined, deadline, paced: true };
  return { ...response, conditional: true, body: () => readBody(answer.body, rules) };
}

/** Why an answer is no image we could read; null when it is one. */
function refusalOf(
  response: SourceResponse,
  { maxBytes, anyAnswer = false }: OpenContext,
): PictorError | null {
  const { status } = response;
  const failure = { upstreamStatus: status, detail: `status ${status}` };
  if (status === 404 || (status === 410 && !anyAnswer)) return new PictorError('SOURCE_NOT_FOUND', failure);
  if (anyAnswer && isAnswer(status)) return isTooLong(response, maxBytes) ? tooLarge(maxBytes) : null;
  if (status >= 400 && status < 500) return new PictorError('SOURCE_REFUSED', failure);
  const whole = status === 200 || status === 203 || (status === 206 && wholeRange(response) !== undefined);
  if (!whole) return new PictorError('SOURCE_FAILED', failure);
  return isTooLong(response, maxBytes) ? tooLarge(maxBytes) : null;
}

/** A part of something, or "what you have is good" to somebody who has nothing, is no answer to our question. */
const isAnswer = (status: number): boolean =>
  status >= 200 && status <= 599 && status !== 206 && status !== 304;

const isTooLong = (response: SourceResponse, maxBytes: number): boolean =>
  (lengthOf(response) ?? 0) > maxBytes;

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
