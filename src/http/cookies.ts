import { createHash } from 'node:crypto';
import type { ClientCookies } from '../core/ports.ts';
import type { CookiePolicy } from '../request/dialect.ts';
import { type HttpRequest, headerText } from './messages.ts';

/** What a client's cookies mean for one source. */
export interface CookieScope {
  /** True: cookies go to this source, so an answer to somebody with others may be another one. */
  readonly applies: boolean;
  /** Those of this request; absent: it has none, or none that go there. */
  readonly cookies?: ClientCookies;
}

export type CookieRule = (request: HttpRequest, source: string) => CookieScope;

/** Where cookies may go. */
interface Site {
  readonly hostname: string;
  readonly path: string;
  /** Cookies that came by TLS, or belong to a site of TLS, do not go over the open net. */
  readonly secure: boolean;
}

/**
 * The rule of a mount that passes cookies on. They belong to one site: the configured one, or the one the client asked
 * (as a proxy tells it, else as the client does), or, where they go everywhere, the host of the source. They go to that
 * host and to no other, not by redirects either; ports make no difference, as for all cookies (RFC 6265 section 8.5).
 */
export function createCookieRule(policy: CookiePolicy): CookieRule {
  const fixed = policy.site === undefined ? null : siteOf(policy.site);
  return (request, source) => {
    const site = policy.everywhere ? hostOf(siteOf(source)) : (fixed ?? askedSite(request));
    if (site === null || !isWithin(site, source)) return { applies: false };
    const { cookie } = request.headers;
    if (cookie === undefined || cookie === '') return { applies: true };
    const name = createHash('sha256')
      .update(`${site.hostname} ${site.path} ${site.secure}\n${cookie}`)
      .digest('base64url');
    return { applies: true, cookies: { name, header: cookie, goTo: (url) => isWithin(site, url) } };
  };
}

function siteOf(url: string): Site | null {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return null;
  const { hostname, pathname, protocol } = new URL(url);
  return { hostname, path: directoryOf(pathname), secure: protocol === 'https:' };
}

const hostOf = (site: Site | null): Site | null => (site === null ? null : { ...site, path: '/' });

/** The site the client sees. Who makes these headers up sends nobody's cookies but its own. */
function askedSite({ headers, socket }: HttpRequest): Site | null {
  const forwarded = firstOf(headers['x-forwarded-host']);
  const host = forwarded ?? headerText(headers[':authority']) ?? headers.host;
  const scheme = firstOf(headers['x-forwarded-proto']) ?? (socket.encrypted === true ? 'https' : 'http');
  return host === undefined ? null : hostOf(siteOf(`${scheme}://${host}/`));
}

function firstOf(value: string | string[] | undefined): string | undefined {
  const text = headerText(value)?.split(',', 1)[0]?.trim();
  return text === '' ? undefined : text;
}

function isWithin({ hostname, path, secure }: Site, url: string): boolean {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return false;
  const target = new URL(url);
  return (
    target.hostname === hostname &&
    (!secure || target.protocol === 'https:') &&
    (path === '/' || target.pathname === path || target.pathname.startsWith(`${path}/`))
  );
}

/** RFC 6265 section 5.1.4. */
const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
