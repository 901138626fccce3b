import type { Dispatcher } from 'undici';
import { PictorError } from '../core/errors.ts';
import type { ClientCookies, PassedHeaders, VisitRule } from '../core/ports.ts';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import type { Deadline } from './deadline.ts';
import type { HostGuard } from './host-guard.ts';
import { classifyHeadFailure, isStaleConnection } from './http-errors.ts';
import type { HttpRoutes } from './http-routes.ts';
import { type HttpTarget, parseHttpUrl, resolveLocation } from './http-url.ts';
import type { HttpSourceSettings } from './settings.ts';

/** An answer of undici's. */
export type Answer = Dispatcher.ResponseData;

/** A download under way. */
export interface Fetching {
  readonly settings: HttpSourceSettings;
  readonly routes: HttpRoutes;
  readonly guard: HostGuard;
  readonly deadline: Deadline;
  /** Sent with every request; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly visits: VisitRule | undefined;
  readonly cookies: ClientCookies | undefined;
  readonly passed: PassedHeaders | undefined;
  /** True: where no redirect may be followed, the redirect itself is the answer. */
  readonly anyAnswer: boolean;
}

/** The answer at the end of all redirects, its body not read yet, and where they led on the way. */
export interface Followed {
  readonly answer: Answer;
  readonly visited: readonly string[];
}

/**
 * Sends a GET and follows redirects; every stop is checked like a URL of its own. Cookies that answers set are sent back
 * for the length of this download.
 * @throws PictorError for everything that happens before the head of the last answer is here
 */
export async function fetchFollowing(fetching: Fetching, first: HttpTarget): Promise<Followed> {
  const jar = createCookieJar(fetching.cookies);
  const visited: string[] = [];
  for (let target = first; ; ) {
    fetching.guard.checkLiteral(target);
    const answer = await send(fetching, { target, first }, jar);
    if (!redirects.has(answer.statusCode) || answer.headers.location === undefined)
      return { answer, visited };
    if (fetching.anyAnswer && fetching.settings.maxRedirects === 0) return { answer, visited };
    await discard(answer, fetching.deadline.signal);
    if (visited.length >= fetching.settings.maxRedirects) {
      throw new PictorError('SOURCE_REDIRECTS', {
        detail: `more than ${visited.length} redirects`,
        upstreamStatus: answer.statusCode,
      });
    }
    jar.take(target, answer.headers['set-cookie']);
    target = nextTarget(fetching, target, answer);
    visited.push(allowedStop(fetching, target));
  }
}

/** Where a redirect leads, when whoever asks may be led there. Without user-info, which no rule needs to know. */
function allowedStop({ visits }: Fetching, { origin, path }: HttpTarget): string {
  const url = origin + path;
  if (visits?.allows(url) === false)
    throw new PictorError('REDIRECT_REFUSED', { detail: `redirected to ${url}` });
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
async function send(
  fetching: Fetching,
  { target, first }: { readonly target: HttpTarget; readonly first: HttpTarget },
  jar: CookieJar,
): Promise<Answer> {
  const { deadline, routes, headers, passed } = fetching;
  // What says who the client is was meant for the site it named (RFC 9110 section 15.4).
  const client = passed?.personal === true && target.origin !== first.origin ? {} : passed?.values;
  const cookie = jar.headerFor(target);
  const route = routes.routeTo(target);
  const request = () =>
    route.dispatcher.request({
      origin: route.origin,
      path: route.path,
      method: 'GET',
      headers: {
        ...headers,
        ...client,
        ...(target.authorization === null ? {} : { authorization: target.authorization }),
        ...(cookie === null ? {} : { cookie }),
        ...route.headers,
      },
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

const discardBytes = 16 * 1024;
const discardMs = 1000;

/** Reads a short body nobody wants, so that its connection can be used again; gives up on long and slow ones. */
export async function discard(answer: Answer, signal: AbortSignal): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(discardMs)]);
  await answer.body.dump({ limit: discardBytes, signal: patience }).catch(() => {});
}
