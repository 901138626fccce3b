import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import type { CacheResult } from '../../../src/core/events.ts';
import { createHandler, type Mount } from '../../../src/http/handler.ts';
import type { HttpRequest, HttpResponse } from '../../../src/http/messages.ts';
import type { ParsedRequest } from '../../../src/request/dialect.ts';
import type { ImageService } from '../../../src/service/serve-image.ts';

const policy: Mount['policy'] = {
  signature: null,
  age: { ttlSeconds: 60, passthrough: false, obeyPrivate: true, expires: false },
  etag: true,
  lastModified: true,
  disposition: false,
  gzipLevel: 0,
  allowedSources: [],
};

const style: Mount['style'] = {
  errors: {},
  otherwise: 'catalogue',
  contentType: 'text/plain',
  headers: {},
  routes: [],
  head: 'as-get',
  options: { status: 204, body: '' },
};

/** A mount whose grammar is: the path is the source. */
function mount(name: string, more: Partial<Mount> = {}): Mount {
  return {
    name,
    prefix: '/img',
    hosts: [],
    policy,
    style,
    parse: ({ path }): ParsedRequest => ({
      image: { source: `${name}${path}`, operations: [], output: { format: { exact: 'png' } } },
      delivery: { vary: [] },
      grant: { type: 'none' },
    }),
    ...more,
  };
}

/** Serves the source's name as the picture, and remembers what it was asked. */
function setUp(
  mounts: readonly Mount[],
  fails?: PictorError,
  { freshMs = 60_000, cache = 'hit' }: { freshMs?: number; cache?: CacheResult } = {},
) {
  const asked: string[] = [];
  const bodies = new Map<string, Uint8Array>();
  const service: ImageService = {
    async serve({ image }) {
      asked.push(image.source);
      if (fails !== undefined) throw fails;
      const body = Buffer.from(image.source);
      bodies.set(image.source, body);
      return {
        key: image.source,
        body,
        mediaType: 'image/png',
        etag: `tag of ${image.source}`,
        width: 1,
        height: 1,
        cache,
        freshUntil: Date.now() + freshMs,
        shareable: true,
      };
    },
    peek: (key) => bodies.get(key) ?? null,
    drain: async () => {},
  };
  const handler = createHandler({
    mounts: mounts.map((each) => ({ ...each, service })),
    streams: { open: () => Promise.reject(new Error('not used')) },
    elsewhere: () => null,
    metricsPage: async () => ({ contentType: 'text/plain', text: '' }),
    extensionOf: () => 'png',
    clientOf: () => 'test',
    storage: null,
    check: null,
    emit: () => {},
  });
  return {
    asked,
    get: (host: string, url: string, headers = {}) => ask(handler, { url, headers: { host, ...headers } }),
  };
}

async function ask(
  handler: ReturnType<typeof createHandler>,
  { url, headers }: { url: string; headers: Record<string, string> },
) {
  const sent = { status: 0, headers: [] as string[], body: '' };
  const response: HttpResponse = {
    headersSent: false,
    writableEnded: false,
    writableLength: 0,
    writeHead: (status, list) => Object.assign(sent, { status, headers: list }),
    end: (body) => {
      sent.body = body === undefined ? '' : Buffer.from(body).toString();
    },
    once: () => {},
    on: () => {},
    write: () => true,
    destroy: () => {},
  };
  const request: HttpRequest = {
    method: 'GET',
    url,
    headers,
    httpVersionMajor: 1,
    socket: { remoteAddress: '127.0.0.1' },
  };
  await handler(request, response);
  return sent;
}

test('mounts of one prefix and two hosts never answer for each other, however often they are asked', async () => {
  const signed = mount('a', {
    hosts: ['a.example'],
    policy: {
      ...policy,
      signature: { pairs: [{ key: Buffer.from('k'), salt: Buffer.from('s') }], size: 32, trusted: [] },
    },
  });
  const { get } = setUp([signed, mount('b', { hosts: ['b.example'] }), mount('c', { hosts: ['c.example'] })]);
  for (let turn = 0; turn < 3; turn++) {
    assert.equal((await get('a.example', '/img/x')).status, 403);
    assert.equal((await get('b.example', '/img/x')).body, 'b/x');
    assert.equal((await get('c.example', '/img/x')).body, 'c/x');
  }
});

test('a URL that was answered a moment ago is answered without asking for the picture again', async () => {
  const { get, asked } = setUp([mount('a')]);
  const first = await get('h', '/img/x');
  const second = await get('h', '/img/x');
  assert.equal(asked.length, 1);
  assert.equal(second.body, first.body);
  const named = (headers: readonly string[]) =>
    Object.fromEntries(
      headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : [])),
    );
  const { 'X-Request-ID': firstId, ...firstHeaders } = named(first.headers);
  const { 'X-Request-ID': secondId, ...secondHeaders } = named(second.headers);
  assert.deepEqual(secondHeaders, firstHeaders);
  assert.notEqual(firstId, secondId);
  assert.equal((await get('h', '/img/x', { 'if-none-match': '"tag of a/x"' })).status, 304);
  assert.equal((await get('h', '/img/x', { range: 'bytes=1-1' })).body, '/');
});

test('a picture that was made just now does not make its URL known', async () => {
  const { get, asked } = setUp([mount('a')], undefined, { cache: 'miss' });
  await get('h', '/img/x');
  await get('h', '/img/x');
  assert.equal(asked.length, 2);
});

test('the secret is asked for every time', async () => {
  const { get } = setUp([mount('a', { policy: { ...policy, secret: 'open' } })]);
  assert.equal((await get('h', '/img/x', { authorization: 'Bearer open' })).status, 200);
  assert.equal((await get('h', '/img/x')).status, 403);
  assert.equal((await get('h', '/img/x', { authorization: 'Bearer open' })).status, 200);
});

test('where the grammar looks at Accept, so does the short way', async () => {
  const negotiating = mount('a', {
    parse: ({ path }, hints) => ({
      image: {
        source: `${hints.accept ?? 'none'}${path}`,
        operations: [],
        output: { format: { exact: 'png' } },
      },
      delivery: { vary: ['Accept'] },
      grant: { type: 'none' },
    }),
  });
  const { get, asked } = setUp([negotiating]);
  for (let turn = 0; turn < 2; turn++) {
    assert.equal((await get('h', '/img/x', { accept: 'image/webp' })).body, 'image/webp/x');
    assert.equal((await get('h', '/img/x', { accept: '*/*' })).body, '*/*/x');
    assert.equal((await get('h', '/img/x')).body, 'none/x');
  }
  assert.equal(asked.length, 3);
});

test('an error of the service is told in the words of the catalogue and hides its detail', async () => {
  const { get } = setUp([mount('a')], new PictorError('SOURCE_FAILED', { detail: 'http://10.0.0.1/' }));
  const reply = await get('h', '/img/x');
  assert.equal(reply.status, 502);
  assert.ok(!reply.body.includes('10.0.0.1'));
  assert.equal((await get('h', '/elsewhere')).status, 404);
});

test('a known URL is not good for longer because the clock was set back', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2030-01-02') });
  const { get, asked } = setUp([mount('a')], undefined, { freshMs: 20 });
  await get('h', '/img/x');
  t.mock.timers.setTime(Date.parse('2030-01-01'));
  await new Promise((resolve) => setTimeout(resolve, 40));
  await get('h', '/img/x');
  assert.equal(asked.length, 2);
});
