import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { PictorError } from '../../../src/core/errors.ts';
import { startOrigin } from '../../support/origin.ts';
import { failureOf, openContext, readOriginal } from '../../support/reading.ts';
import { selfSigned } from '../../support/self-signed.ts';
import { httpSource, originTest } from './sources.ts';

const etag = '"v1"';
const lastModified = 'Tue, 01 Sep 2026 10:00:00 GMT';

originTest('hands over body, size, type, validators and headers', async (t, origin) => {
  origin.route('/a.jpg', {
    body: 'picture',
    etag,
    lastModified,
    headers: {
      'Content-Type': 'image/jpeg',
      'Cache-Control': ['max-age=60', 'public'],
      'Set-Cookie': ['a=1', 'b=2'],
    },
  });
  const answer = await httpSource(t).open(`${origin.url}/a.jpg`, openContext());
  assert.equal(answer.status, 'found');
  assert.equal(answer.size, 7);
  assert.equal(answer.contentType, 'image/jpeg');
  assert.deepEqual(answer.validators, { etag, lastModified });
  assert.equal(answer.response?.status, 200);
  assert.equal(answer.response?.headers['cache-control'], 'max-age=60, public');
  assert.equal('set-cookie' in answer.response.headers, false);
  assert.equal(String(await readOriginal(answer)), 'picture');
});

originTest('asks for path and query byte for byte, without the fragment', async (t, origin) => {
  const source = httpSource(t);
  for (const target of ['//x//y', '/a%2Fb%20c', '/a/../b', '/x?u=http://a/%2F&e=', '/%zz', '/?']) {
    origin.route(target, { body: target });
    const answer = await source.open(`${origin.url}${target}#top`, openContext());
    assert.equal(String(await readOriginal(answer)), target);
    assert.equal(origin.requests.at(-1)?.target, target);
  }
});

originTest('says who asks, prefers no format, and sends nothing else', async (t, origin) => {
  origin.route('/a', { body: 'x' });
  await readOriginal(await httpSource(t).open(`${origin.url}/a`, openContext()));
  assert.deepEqual(origin.requests[0]?.headers, {
    host: `127.0.0.1:${origin.port}`,
    connection: 'keep-alive',
    'user-agent': 'pictor/1.2.3',
    accept: 'image/*,*/*;q=0.1',
    'accept-encoding': 'gzip',
  });
  await readOriginal(await httpSource(t, { userAgent: 'me' }).open(`${origin.url}/a`, openContext()));
  assert.equal(origin.requests[1]?.headers['user-agent'], 'me');
  await readOriginal(await httpSource(t, { accept: 'image/png' }).open(`${origin.url}/a`, openContext()));
  assert.equal(origin.requests[2]?.headers.accept, 'image/png');
  await readOriginal(await httpSource(t, { accept: '' }).open(`${origin.url}/a`, openContext()));
  assert.equal('accept' in origin.requests[3]!.headers, false);
});

const statuses: readonly [status: number, code: 'SOURCE_NOT_FOUND' | 'SOURCE_REFUSED' | 'SOURCE_FAILED'][] = [
  [404, 'SOURCE_NOT_FOUND'],
  [410, 'SOURCE_NOT_FOUND'],
  [400, 'SOURCE_REFUSED'],
  [401, 'SOURCE_REFUSED'],
  [403, 'SOURCE_REFUSED'],
  [429, 'SOURCE_REFUSED'],
  [451, 'SOURCE_REFUSED'],
  [500, 'SOURCE_FAILED'],
  [503, 'SOURCE_FAILED'],
  [599, 'SOURCE_FAILED'],
  [201, 'SOURCE_FAILED'],
  [204, 'SOURCE_FAILED'],
  [300, 'SOURCE_FAILED'],
  [302, 'SOURCE_FAILED'],
  [304, 'SOURCE_FAILED'],
  [305, 'SOURCE_FAILED'],
];
for (const [status, code] of statuses) {
  originTest(`status ${status} is ${code}, and the connection is used again`, async (t, origin) => {
    origin.route('/a', { status, body: status === 204 || status === 304 ? '' : 'an error page' });
    const source = httpSource(t, { maxConnectionsPerHost: 1 });
    const failure = await failureOf(source.open(`${origin.url}/a`, openContext()), code);
    assert.equal(failure.upstreamStatus, status);
    await failureOf(source.open(`${origin.url}/a`, openContext()), code);
    assert.equal(origin.requests[0]?.clientPort, origin.requests[1]?.clientPort);
  });
}

originTest('203 and an empty 200 are answers', async (t, origin) => {
  origin.route('/proxy', { status: 203, body: 'x' });
  origin.route('/empty', { body: '' });
  assert.equal(
    String(await readOriginal(await httpSource(t).open(`${origin.url}/proxy`, openContext()))),
    'x',
  );
  assert.equal(
    (await readOriginal(await httpSource(t).open(`${origin.url}/empty`, openContext()))).length,
    0,
  );
});

originTest('206 counts only when it holds everything', async (t, origin) => {
  const source = httpSource(t);
  const partial = (range: string | undefined) => ({
    status: 206,
    body: '12345',
    ...(range === undefined ? {} : { headers: { 'content-range': range } }),
  });
  origin.route('/whole', partial('bytes 0-4/5'));
  assert.equal(String(await readOriginal(await source.open(`${origin.url}/whole`, openContext()))), '12345');
  for (const range of [undefined, 'bytes 0-4/9', 'bytes 1-5/5', 'bytes 0-4/*', 'pages 0-4/5', 'bytes 0-4']) {
    origin.route('/part', partial(range));
    const failure = await failureOf(source.open(`${origin.url}/part`, openContext()), 'SOURCE_FAILED');
    assert.equal(failure.upstreamStatus, 206);
  }
  origin.route('/lie', { ...partial('bytes 0-9/10'), chunked: true });
  const lie = await source.open(`${origin.url}/lie`, openContext());
  await failureOf(readOriginal(lie), 'SOURCE_TRUNCATED');
});

originTest(
  'asks conditionally with what is known, and only then takes 304 for an answer',
  async (t, origin) => {
    origin.route('/a', { body: 'x', etag, lastModified, headers: { 'cache-control': 'max-age=9' } });
    const source = httpSource(t);
    const answer = await source.open(`${origin.url}/a`, openContext({ known: { etag } }));
    assert.equal(answer.status, 'not-modified');
    assert.equal(answer.response?.status, 304);
    assert.equal(answer.response?.headers.etag, etag);
    assert.equal(
      (await source.open(`${origin.url}/a`, openContext({ known: { lastModified } }))).status,
      'not-modified',
    );
    const changed = await source.open(`${origin.url}/a`, openContext({ known: { etag: '"v0"' } }));
    assert.equal(changed.status, 'found');
    await readOriginal(changed);
    assert.equal(origin.requests[0]?.headers['if-none-match'], etag);
    assert.equal(origin.requests[1]?.headers['if-modified-since'], lastModified);
    await failureOf(source.open(`${origin.url}/304`, openContext({ known: {} })), 'SOURCE_NOT_FOUND');
  },
);

originTest('follows redirects of every kind, relative ones too', async (t, origin) => {
  origin.route('/301', { status: 301, redirect: `${origin.url}/302?x=%2F` });
  origin.route('/302', { status: 302, redirect: 'dir/303' });
  origin.route('/dir/303', { status: 303, redirect: '../307#here' });
  origin.route('/307', { status: 307, redirect: `//127.0.0.1:${origin.port}/308` });
  origin.route('/308', { status: 308, redirect: '/end//../end%2F' });
  origin.route('/end//../end%2F', { body: 'picture' });
  const answer = await httpSource(t).open(`${origin.url}/301`, openContext());
  assert.equal(String(await readOriginal(answer)), 'picture');
  assert.deepEqual(
    origin.requests.map((request) => request.target),
    ['/301', '/302?x=%2F', '/dir/303', '/307', '/308', '/end//../end%2F'],
  );
});

originTest('the limit is the number of redirects that are followed', async (t, origin) => {
  for (const step of [0, 1, 2, 3]) origin.route(`/${step}`, { redirect: `/${step + 1}` });
  origin.route('/4', { body: 'end' });
  const url = `${origin.url}/0`;
  assert.equal(
    String(await readOriginal(await httpSource(t, { maxRedirects: 4 }).open(url, openContext()))),
    'end',
  );
  await failureOf(httpSource(t, { maxRedirects: 3 }).open(url, openContext()), 'SOURCE_REDIRECTS');
  const before = origin.count();
  await failureOf(httpSource(t, { maxRedirects: 0 }).open(url, openContext()), 'SOURCE_REDIRECTS');
  assert.equal(origin.count() - before, 1);
});

originTest('a loop ends', async (t, origin) => {
  origin.route('/a', { redirect: '/b' });
  origin.route('/b', { redirect: '/a' });
  await failureOf(httpSource(t).open(`${origin.url}/a`, openContext()), 'SOURCE_REDIRECTS');
  assert.equal(origin.count(), 11);
});

originTest('redirects that lead nowhere usable are refused', async (t, origin) => {
  const source = httpSource(t);
  for (const location of [
    'ftp://a.test/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'data:,x',
    'http://',
    'http://user:pw@127.0.0.1/',
    'http://[::1/',
  ]) {
    origin.route('/a', { redirect: location });
    const failure = await failureOf(source.open(`${origin.url}/a`, openContext()), 'SOURCE_REDIRECTS');
    assert.equal(failure.upstreamStatus, 302);
  }
});

originTest('a long or slow body of a redirect holds nothing up', async (t, origin) => {
  origin.route('/long', { redirect: '/end', body: 'x'.repeat(1000), endless: true });
  origin.route('/slow', { redirect: '/end', body: 'x'.repeat(1000), drip: { bytes: 1, everyMs: 500 } });
  origin.route('/end', { body: 'end' });
  for (const target of ['/long', '/slow']) {
    assert.equal(
      String(await readOriginal(await httpSource(t).open(origin.url + target, openContext()))),
      'end',
    );
  }
});

originTest('every hop is put to the rule of whoever asks before it is asked', async (t, origin) => {
  origin.route('/a', { redirect: '/b' });
  origin.route('/b', { redirect: '/c' });
  origin.route('/c', { body: 'x' });
  const visited: string[] = [];
  const visits = {
    name: 'not c',
    allows: (url: string) => {
      visited.push(url);
      return !url.endsWith('/c');
    },
  };
  const source = httpSource(t);
  const context = { ...openContext(), visits };
  await failureOf(source.open(`${origin.url}/a`, context), 'REDIRECT_REFUSED');
  assert.deepEqual(visited, [`${origin.url}/b`, `${origin.url}/c`]);
  assert.equal(origin.count('/c'), 0);
});

originTest('an original tells where redirects led on the way to it', async (t, origin) => {
  origin.route('/a', { redirect: '/b' });
  origin.route('/b', { redirect: `http://127.1:${origin.port}/c#part` });
  origin.route('/c', { body: 'x' });
  const source = httpSource(t);
  assert.deepEqual((await source.open(`${origin.url}/a`, openContext())).visited, [
    `${origin.url}/b`,
    `${origin.url}/c`,
  ]);
  assert.equal((await source.open(`${origin.url}/c`, openContext())).visited, undefined);
});

originTest('user-info is refused, unless enabled: then it goes to its own origin only', async (t, origin) => {
  const other = await startOrigin();
  t.after(() => other.close());
  other.route('/c', { body: 'x' });
  origin.route('/a', { redirect: '/b' });
  origin.route('/b', { redirect: `${other.url}/c` });
  const url = `http://user:pw@127.0.0.1:${origin.port}/a`;
  await failureOf(httpSource(t).open(url, openContext()), 'SOURCE_INVALID');
  await readOriginal(await httpSource(t, { allowUserInfo: true }).open(url, openContext()));
  const basic = `Basic ${Buffer.from('user:pw').toString('base64')}`;
  assert.deepEqual(
    origin.requests.map((request) => request.headers.authorization),
    [basic, basic],
  );
  assert.equal(other.requests[0]?.headers.authorization, undefined);
});

originTest('cookies go back to the host that set them, for the length of one download', async (t, origin) => {
  const other = await startOrigin({ host: '127.0.0.2' });
  t.after(() => other.close());
  const cookies = ['a=1', 'b=2; Path=/deep', 'c=3; Secure', 'd=4; Max-Age=0', 'e=5; Domain=0.0.1'];
  origin.route('/a', { redirect: '/deep/b', headers: { 'set-cookie': cookies } });
  origin.route('/deep/b', { redirect: `http://127.0.0.2:${other.port}/c`, headers: { 'set-cookie': 'a=6' } });
  other.route('/c', { redirect: `${origin.url}/d` });
  origin.route('/d', { body: 'x' });
  const source = httpSource(t);
  await readOriginal(await source.open(`${origin.url}/a`, openContext()));
  await readOriginal(await source.open(`${origin.url}/d`, openContext()));
  assert.deepEqual(
    origin.requests.map(({ headers }) => headers.cookie),
    [undefined, 'a=1; b=2; e=5', 'a=1; e=5', undefined],
  );
  assert.equal(other.requests[0]?.headers.cookie, undefined);
});

originTest("a client's cookies go where they may and nowhere else", async (t, origin) => {
  const other = await startOrigin({ host: '127.0.0.2' });
  t.after(() => other.close());
  origin.route('/a', { redirect: '/b', headers: { 'set-cookie': 'session=new' } });
  origin.route('/b', { redirect: `http://127.0.0.2:${other.port}/c` });
  other.route('/c', { body: 'x' });
  const cookies = {
    name: 'one',
    header: 'session=old; theme=dark',
    goTo: (url: string) => url.startsWith(`${origin.url}/`),
  };
  await readOriginal(await httpSource(t).open(`${origin.url}/a`, { ...openContext(), cookies }));
  assert.deepEqual(
    origin.requests.map(({ headers }) => headers.cookie),
    ['session=old; theme=dark', 'theme=dark; session=new'],
  );
  assert.equal(other.requests[0]?.headers.cookie, undefined);
});

originTest("a streamed answer is the source's own: status, headers, encoded body", async (t, origin) => {
  origin.route('/a', { status: 418, body: 'short and stout', encoding: 'gzip', etag: '"t"' });
  origin.route('/b', { redirect: '/a' });
  const headers = { 'accept-encoding': 'gzip', range: 'bytes=0-1', 'if-none-match': '"x"' };
  const answer = await httpSource(t).stream!(`${origin.url}/b`, { ...openContext(), headers });
  assert.deepEqual([answer.status, answer.conditional, answer.headers['etag']], [418, true, '"t"']);
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body()!) chunks.push(chunk);
  assert.equal(gunzipSync(Buffer.concat(chunks)).toString(), 'short and stout');
  const sent = origin.requests[1]!.headers;
  assert.deepEqual(
    [sent.range, sent['if-none-match'], sent['accept-encoding']],
    ['bytes=0-1', '"x"', 'gzip'],
  );
});

originTest('a streamed answer has its bounds: bytes, and the time the source takes', async (t, origin) => {
  origin.route('/long', { body: 'x'.repeat(1000) });
  origin.route('/longer', { body: 'x'.repeat(600), endless: true });
  origin.route('/slow', { body: 'x', declaredLength: 9, hang: 'mid-body' });
  const stream = (place: string, settings = {}) =>
    httpSource(t, settings).stream!(`${origin.url}${place}`, {
      ...openContext(),
      maxBytes: 999,
      headers: {},
    });
  await failureOf(stream('/long'), 'SOURCE_TOO_LARGE');
  const read = async (place: string, settings = {}) => {
    for await (const _ of (await stream(place, settings)).body()!);
  };
  await failureOf(read('/longer'), 'SOURCE_TOO_LARGE');
  await failureOf(read('/slow', { timeoutSeconds: 0.2 }), 'SOURCE_TIMEOUT');
});

originTest('a kept-alive connection that the origin has closed costs one silent retry', async (t, origin) => {
  origin.route('/a', { body: 'x' });
  // Resets the second request, which comes over the connection of the first.
  origin.route('/b', (_request, earlier) => (earlier === 0 ? { reset: true } : { body: 'second' }));
  const source = httpSource(t, { maxConnectionsPerHost: 1 });
  await readOriginal(await source.open(`${origin.url}/a`, openContext()));
  assert.equal(String(await readOriginal(await source.open(`${origin.url}/b`, openContext()))), 'second');
  assert.equal(origin.count('/b'), 2);
});

originTest('an origin that always resets is unreachable after two tries', async (t, origin) => {
  origin.route('/a', { reset: true });
  await failureOf(httpSource(t).open(`${origin.url}/a`, openContext()), 'SOURCE_UNREACHABLE');
  assert.equal(origin.count(), 2);
});

for (const [what, raw] of [
  ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['a bad status line', 'HTTP/1.1 abc OK\r\n\r\n'],
  [
    'length and chunking at once',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
  ['an endless head', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
] as const) {
  originTest(`${what} for an answer is SOURCE_FAILED`, async (t, origin) => {
    origin.route('/a', { raw });
    await failureOf(httpSource(t).open(`${origin.url}/a`, openContext()), 'SOURCE_FAILED');
  });
}

originTest('early hints before the answer are skipped', async (t, origin) => {
  origin.route('/a', {
    raw: 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
  });
  assert.equal(String(await readOriginal(await httpSource(t).open(`${origin.url}/a`, openContext()))), 'x');
});

test('nobody listening, or no such name, is SOURCE_UNREACHABLE', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await failureOf(httpSource(t).open(`http://127.0.0.1:${port}/`, openContext()), 'SOURCE_UNREACHABLE');
  const resolve = (
    _name: string,
    _options: unknown,
    callback: (error: NodeJS.ErrnoException, all: []) => void,
  ) => callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), []);
  await failureOf(
    httpSource(t, {}, { resolve }).open('http://nowhere.test/', openContext()),
    'SOURCE_UNREACHABLE',
  );
});

test('certificates are verified unless that is switched off', async (t) => {
  const origin = await startOrigin({ tls: selfSigned() });
  t.after(() => origin.close());
  origin.route('/a', { body: 'x' });
  await failureOf(httpSource(t).open(`${origin.url}/a`, openContext()), 'SOURCE_UNREACHABLE');
  assert.equal(origin.count(), 0);
  const careless = httpSource(t, { insecureTls: true });
  assert.equal(String(await readOriginal(await careless.open(`${origin.url}/a`, openContext()))), 'x');
});

for (const uri of [
  '',
  'a.jpg',
  'ftp://127.0.0.1/',
  'http://',
  'http:///x',
  'local:///a',
  'http://[::1',
  'http://127.0.0.1:x/',
]) {
  test(`${JSON.stringify(uri)} is SOURCE_INVALID`, async (t) => {
    await failureOf(httpSource(t).open(uri, openContext()), 'SOURCE_INVALID');
  });
}

originTest(
  'connections: no more than allowed, kept for the next fetch, closed at once with keepAliveSeconds 0',
  async (t, origin) => {
    origin.route('/a', { body: 'x', delayMs: 20 });
    const fetchAll = async (source: ReturnType<typeof httpSource>) => {
      const before = origin.requests.length;
      await Promise.all(
        Array.from({ length: 9 }, async () =>
          readOriginal(await source.open(`${origin.url}/a`, openContext())),
        ),
      );
      return new Set(origin.requests.slice(before).map((request) => request.clientPort)).size;
    };
    assert.equal(await fetchAll(httpSource(t, { maxConnectionsPerHost: 3 })), 3);
    assert.equal(await fetchAll(httpSource(t, { maxConnectionsPerHost: 3, keepAliveSeconds: 0 })), 9);
  },
);

originTest('closing ends what is under way and drops connections', async (t, origin) => {
  origin.route('/a', { body: 'x' });
  origin.route('/hang', { hang: 'head' });
  const source = httpSource(t);
  await readOriginal(await source.open(`${origin.url}/a`, openContext()));
  const hanging = failureOf(source.open(`${origin.url}/hang`, openContext()), 'SHUTTING_DOWN');
  while (origin.count('/hang') === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await source.close?.();
  await hanging;
  await origin.untilConnections(0);
});

originTest(
  'the signal ends a fetch in every phase, frees the socket, and its reason is the error',
  async (t, origin) => {
    origin.route('/head', { hang: 'head' });
    origin.route('/body', { hang: 'body', body: 'x'.repeat(9) });
    origin.route('/mid', { hang: 'mid-body', body: 'x'.repeat(9), truncateAt: 5 });
    const source = httpSource(t);
    for (const [target, reason, code] of [
      ['/head', undefined, 'CANCELLED'],
      ['/body', undefined, 'CANCELLED'],
      ['/mid', new PictorError('SHUTTING_DOWN'), 'SHUTTING_DOWN'],
    ] as const) {
      const controller = new AbortController();
      const work = source
        .open(origin.url + target, openContext({ signal: controller.signal }))
        .then(readOriginal);
      setTimeout(() => controller.abort(reason), 100);
      await failureOf(work, code);
      await origin.untilConnections(0);
    }
    await failureOf(
      source.open(`${origin.url}/head`, openContext({ signal: AbortSignal.abort() })),
      'CANCELLED',
    );
    assert.equal(origin.count('/head'), 1);
  },
);

originTest(
  'a body that nobody begins to read lets its connection go when it is given up',
  async (t, origin) => {
    origin.route('/held.jpg', { body: Buffer.alloc(100_000), hang: 'mid-body', truncateAt: 50_000 });
    origin.route('/next.jpg', { body: 'next' });
    const source = httpSource(t, { maxConnectionsPerHost: 1 });
    const controller = new AbortController();
    await source.open(`${origin.url}/held.jpg`, { signal: controller.signal, maxBytes: 1e6 });
    controller.abort();
    const next = await source.open(`${origin.url}/next.jpg`, {
      signal: new AbortController().signal,
      maxBytes: 1e6,
    });
    assert.equal(next.status, 'found');
  },
);
