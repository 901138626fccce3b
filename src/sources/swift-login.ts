import { PictorError } from '../core/errors.ts';
import type { Deadline } from './deadline.ts';
import {
  readRefusal,
  readText,
  type ServiceAnswer,
  type ServiceHttp,
  type ServiceRequest,
} from './object-http.ts';
import type { SwiftSourceSettings } from './object-settings.ts';

/** The right to read: where, and by which token. */
export interface SwiftAccess {
  readonly storageUrl: string;
  readonly token: string;
}

export interface SwiftLogin {
  /**
   * The access at hand, or a new one: logged in once for all who wait.
   * @throws PictorError SOURCE_FAILED when the identity service refuses us or makes no sense; SOURCE_* as `ServiceHttp`
   */
  access(deadline: Deadline): Promise<SwiftAccess>;
  /** This token was refused. */
  forget(access: SwiftAccess): void;
}

/**
 * Logs in to OpenStack.
 * - version 1 (https://docs.openstack.org/swift/latest/overview_auth.html): a GET with user and key in headers
 * - version 2: POST {authUrl}/tokens; version 3 (https://docs.openstack.org/api-ref/identity/v3/): POST {authUrl}/auth/tokens
 */
export function createSwiftLogin(settings: SwiftSourceSettings, http: ServiceHttp): SwiftLogin {
  const version = settings.authVersion || Number(/\/v([123])(\.\d)?\/*$/.exec(settings.authUrl)?.[1] ?? 1);
  const way = version === 3 ? version3 : version === 2 ? version2 : version1;
  let held: SwiftAccess | null = null;
  let running: Promise<SwiftAccess> | null = null;

  async function login(deadline: Deadline): Promise<SwiftAccess> {
    const answer = await http.send(way.request(settings), deadline);
    if (answer.status < 200 || answer.status > 299) {
      const detail = `swift: login refused: ${await readRefusal(answer, deadline)}`;
      throw new PictorError('SOURCE_FAILED', { detail, upstreamStatus: answer.status });
    }
    const access = way.read(answer.headers, await readText(answer, 1_048_576, deadline));
    if (access === null || !URL.canParse(access.storageUrl))
      throw new PictorError('SOURCE_FAILED', { detail: 'swift: login without token or object store' });
    return access;
  }

  return {
    async access(deadline) {
      if (held !== null) return held;
      if (running === null) {
        const mine = login(deadline).finally(() => {
          if (running === mine) running = null;
        });
        running = mine;
        held = await mine;
        return held;
      }
      // The one who logs in may be cancelled: then it is the turn of whoever waits.
      return running.catch((thrown: unknown) => {
        if (thrown instanceof PictorError && thrown.code === 'CANCELLED') return this.access(deadline);
        throw thrown;
      });
    },
    forget(access) {
      if (held === access) held = null;
    },
  };
}

interface Way {
  request(settings: SwiftSourceSettings): ServiceRequest;
  read(headers: ServiceAnswer['headers'], body: string): SwiftAccess | null;
}

const json = { 'content-type': 'application/json', accept: 'application/json' };
const below = (authUrl: string, path: string): string => authUrl.replace(/\/+$/, '') + path;

const version1: Way = {
  request: ({ authUrl, username, apiKey }) => ({
    url: authUrl,
    headers: { 'x-auth-user': username, 'x-auth-key': apiKey },
  }),
  read: ({ 'x-storage-url': storageUrl, 'x-auth-token': token }) =>
    storageUrl === undefined || token === undefined ? null : { storageUrl, token },
};

const version2: Way = {
  request: ({ authUrl, username, apiKey: password, tenant }) => ({
    method: 'POST',
    url: below(authUrl, '/tokens'),
    headers: json,
    body: JSON.stringify({
      auth: { passwordCredentials: { username, password }, ...(tenant === '' ? {} : { tenantName: tenant }) },
    }),
  }),
  read(_headers, body) {
    const { access } = parsed<{ access?: Version2Access }>(body);
    const storageUrl = access?.serviceCatalog?.find(({ type }) => type === 'object-store')?.endpoints?.[0]
      ?.publicURL;
    const token = access?.token?.id;
    return storageUrl === undefined || token === undefined ? null : { storageUrl, token };
  },
};

interface Version2Access {
  readonly token?: { readonly id?: string };
  readonly serviceCatalog?: readonly {
    readonly type?: string;
    readonly endpoints?: readonly { readonly publicURL?: string }[];
  }[];
}

const version3: Way = {
  request({ authUrl, username: name, apiKey: password, tenant, domain: domainName }) {
    const domain = { name: domainName === '' ? 'Default' : domainName };
    const scope = tenant === '' ? {} : { scope: { project: { name: tenant, domain } } };
    const identity = { methods: ['password'], password: { user: { name, password, domain } } };
    const body = JSON.stringify({ auth: { identity, ...scope } });
    return { method: 'POST', url: below(authUrl, '/auth/tokens'), headers: json, body };
  },
  read({ 'x-subject-token': token }, body) {
    const { token: facts } = parsed<{ token?: Version3Token }>(body);
    const endpoints = facts?.catalog?.find(({ type }) => type === 'object-store')?.endpoints;
    const storageUrl = endpoints?.find((endpoint) => endpoint.interface === 'public')?.url;
    return storageUrl === undefined || token === undefined ? null : { storageUrl, token };
  },
};

interface Version3Token {
  readonly catalog?: readonly {
    readonly type?: string;
    readonly endpoints?: readonly { readonly interface?: string; readonly url?: string }[];
  }[];
}

function parsed<Shape extends object>(text: string): Partial<Shape> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
