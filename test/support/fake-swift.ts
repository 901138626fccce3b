/**
 * A stand-in for OpenStack on loopback: the three ways to log in (Keystone 3 and 2, Swift's own version 1) and the reading
 * of objects, with tokens that can be taken back. As the public documentation describes them; it is no OpenStack.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface FakeSwift {
  readonly url: string;
  /** Containers come with their first object. */
  put(container: string, key: string, bytes: Uint8Array): void;
  /** Takes back every token there is. */
  expireTokens(): void;
  /** Logins so far: what was sent, without headers. */
  readonly logins: readonly unknown[];
  close(): Promise<void>;
}

export const swiftUser = { username: 'reader', apiKey: 'open sesame', tenant: 'pictures', domain: 'shop' };

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly modified: string;
}

export async function startFakeSwift(): Promise<FakeSwift> {
  const objects = new Map<string, StoredObject>();
  const tokens = new Set<string>();
  const logins: unknown[] = [];
  let issued = 0;
  let url = '';

  const issue = (): string => {
    issued += 1;
    const token = `token-${issued}`;
    tokens.add(token);
    return token;
  };
  const endpoint = () => `${url}/store/AUTH_1`;

  function version1(request: IncomingMessage, response: ServerResponse): unknown {
    const { 'x-auth-user': user, 'x-auth-key': key } = request.headers;
    logins.push({ user, key });
    if (user !== swiftUser.username || key !== swiftUser.apiKey) return response.writeHead(401).end();
    const headers = { 'x-storage-url': endpoint(), 'x-auth-token': issue() };
    return response.writeHead(200, headers).end();
  }

  async function version2(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const { auth } = JSON.parse(await text(request));
    logins.push(auth);
    const { username, password } = auth.passwordCredentials;
    const known = username === swiftUser.username && password === swiftUser.apiKey;
    if (!known || auth.tenantName !== swiftUser.tenant) return response.writeHead(401).end();
    const serviceCatalog = [
      { type: 'compute', endpoints: [{ publicURL: 'http://127.0.0.1:1' }] },
      { type: 'object-store', endpoints: [{ publicURL: endpoint() }] },
    ];
    const access = { token: { id: issue() }, serviceCatalog };
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ access }));
  }

  async function version3(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const { auth } = JSON.parse(await text(request));
    logins.push(auth);
    const { name, password, domain } = auth.identity.password.user;
    const known = name === swiftUser.username && password === swiftUser.apiKey;
    const placed = domain.name === swiftUser.domain && auth.scope?.project.name === swiftUser.tenant;
    if (!known || !placed) return response.writeHead(401).end();
    const endpoints = [
      { interface: 'internal', url: 'http://127.0.0.1:1' },
      { interface: 'public', url: endpoint() },
    ];
    const token = { catalog: [{ type: 'object-store', endpoints }] };
    return response.writeHead(201, { 'x-subject-token': issue() }).end(JSON.stringify({ token }));
  }

  function object(request: IncomingMessage, response: ServerResponse): unknown {
    if (!tokens.has(String(request.headers['x-auth-token'])))
      return response.writeHead(401).end('Unauthorized');
    const path = (request.url ?? '').slice('/store/AUTH_1/'.length);
    const found = objects.get(path.split('/').map(decodeURIComponent).join('/'));
    if (found === undefined) return response.writeHead(404).end('Not Found');
    const { bytes, etag, modified } = found;
    // Swift takes its tags with and without quotes, and sends them without.
    const held = request.headers['if-none-match']?.replaceAll('"', '') === etag;
    const headers = { etag, 'last-modified': modified, 'content-type': 'image/png' };
    if (held || request.headers['if-modified-since'] === modified)
      return response.writeHead(304, headers).end();
    return response.writeHead(200, { ...headers, 'content-length': bytes.byteLength }).end(bytes);
  }

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/store/')) return void object(request, response);
    if (path === '/auth/v1.0') return void version1(request, response);
    if (path === '/v2.0/tokens') return void version2(request, response);
    if (path === '/v3/auth/tokens') return void version3(request, response);
    response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    logins,
    put: (container, key, bytes) =>
      void objects.set(`${container}/${key}`, {
        bytes,
        etag: createHash('md5').update(bytes).digest('hex'),
        modified: new Date().toUTCString(),
      }),
    expireTokens: () => tokens.clear(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
