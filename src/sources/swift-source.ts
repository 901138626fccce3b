import { PictorError } from '../core/errors.ts';
import type { NotModified, Original, Source, Validators } from '../core/ports.ts';
import { objectFound, objectRefused, objectUnchanged } from './object-answer.ts';
import { createServiceHttp, readRefusal, type ServiceAnswer, type ServiceHttp } from './object-http.ts';
import type { SwiftSourceSettings } from './object-settings.ts';
import { createObjectSource, type ObjectFetch } from './object-source.ts';
import type { ObjectAddress } from './object-uri.ts';
import { createSwiftLogin, type SwiftAccess, type SwiftLogin } from './swift-login.ts';

export interface SwiftSourceParts {
  /** See `createObjectSource`. What stands after it has no meaning for Swift, and is not sent. */
  readonly versionSeparator: string;
}

/**
 * Originals from OpenStack Swift: `swift://container/key`. The token is kept until Swift refuses it; then a new one is
 * asked for once. Errors: see `objectRefused`.
 */
export function createSwiftSource(
  settings: SwiftSourceSettings,
  { versionSeparator }: SwiftSourceParts,
): Source {
  const http = createServiceHttp(settings);
  const login = createSwiftLogin(settings, http);
  return createObjectSource({
    ...settings,
    scheme: 'swift',
    versionSeparator,
    fetch: (fetch) => fetchObject({ http, login, fetch }),
    close: () => http.close(),
  });
}

interface Fetching {
  readonly http: ServiceHttp;
  readonly login: SwiftLogin;
  readonly fetch: ObjectFetch;
}

async function fetchObject(fetching: Fetching): Promise<Original | NotModified> {
  const { login, fetch } = fetching;
  const access = await login.access(fetch.deadline);
  let answer = await ask(fetching, access);
  if (answer.status === 401) {
    await readRefusal(answer, fetch.deadline);
    login.forget(access);
    answer = await ask(fetching, await login.access(fetch.deadline));
  }
  const { status, headers } = answer;
  if (status === 200) return objectFound(withQuotedTag(headers), answer.body, fetch);
  const detail = `swift: ${await readRefusal(answer, fetch.deadline)}`;
  const { known } = fetch.context;
  if (status === 304 && known !== undefined) return objectUnchanged(withQuotedTag(headers), fetch);
  if (status === 304) throw new PictorError('SOURCE_FAILED', { detail });
  throw objectRefused({ status, detail });
}

function ask({ http, fetch }: Fetching, access: SwiftAccess): Promise<ServiceAnswer> {
  const headers = { 'x-auth-token': access.token, ...conditionsOf(fetch.context.known) };
  return http.send({ url: urlOf(access.storageUrl, fetch.address), headers }, fetch.deadline);
}

const urlOf = (storageUrl: string, { bucket, key }: ObjectAddress): string =>
  `${storageUrl.replace(/\/+$/, '')}/${encodeURIComponent(bucket)}/${key.split('/').map(encodeURIComponent).join('/')}`;

/** Where there is an ETag, it alone decides (RFC 9110 section 13.2.2). */
function conditionsOf({ etag, lastModified }: Validators = {}): Record<string, string> {
  if (etag !== undefined) return { 'if-none-match': etag };
  return lastModified === undefined ? {} : { 'if-modified-since': lastModified };
}

/** Swift sends the bare MD5, without the quotes that RFC 9110 section 8.8.3 asks for. */
function withQuotedTag(headers: ServiceAnswer['headers']): ServiceAnswer['headers'] {
  const { etag } = headers;
  return etag === undefined || /^(W\/)?"/.test(etag) ? headers : { ...headers, etag: `"${etag}"` };
}
