import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { createProxyChoice } from '../../../src/sources/proxy-choice.ts';
import { startOrigin } from '../../support/origin.ts';
import { failureOf, openContext, readOriginal } from '../../support/reading.ts';
import { selfSigned } from '../../support/self-signed.ts';
import { httpSource, originTest } from './sources.ts';

/** A proxy that leads every name to one port of this machine, and writes down what it was asked. */
async function startProxy(t: TestContext, originPort: number) {
  const asked: { line: string; authorization: string | undefined; host: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  const note = (message: IncomingMessage) =>
    asked.push({
      line: `${message.method} ${message.url}`,
      authorization: message.headers['proxy-authorization'],
      host: message.headers.host,
    });
  const server = createServer((message, response) => {
    note(message);
    response.end(`proxied ${message.url}`);
  });
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.on('connect', (message: IncomingMessage, client: Socket) => {
    note(message);
    if (message.url?.startsWith('refused.')) return client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const upstream = connect(originPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream.on('error', () => {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return { asked, reset, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('http goes through the proxy with its whole URL, raw path kept, any number of hosts over one pool', async (t) => {
  const proxy = await startProxy(t, 0);
  const source = httpSource(t, { httpProxy: `http://user:p%40ss@${proxy.host}`, allowLoopback: false });
  for (const url of ['http://a.test/x//y%2F?q=%20', 'http://b.test:8080/']) {
    assert.equal(String(await readOriginal(await source.open(url, openContext()))), `proxied ${url}`);
  }
  const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
  assert.deepEqual(proxy.asked, [
    { line: 'GET http://a.test/x//y%2F?q=%20', authorization, host: 'a.test' },
    { line: 'GET http://b.test:8080/', authorization, host: 'b.test:8080' },
  ]);
});

test('https goes through a tunnel, TLS inside', async (t) => {
  const origin = await startOrigin({ tls: selfSigned() });
  t.after(() => origin.close());
  origin.route('/a', { body: 'secret' });
  const proxy = await startProxy(t, origin.port);
  const settings = { httpsProxy: `http://user:pw@${proxy.host}` };
  const careless = httpSource(t, { ...settings, insecureTls: true });
  assert.equal(String(await readOriginal(await careless.open('https://a.test/a', openContext()))), 'secret');
  assert.deepEqual(proxy.asked, [
    {
      line: 'CONNECT a.test:443',
      authorization: `Basic ${Buffer.from('user:pw').toString('base64')}`,
      host: 'a.test',
    },
  ]);
  assert.equal(origin.requests[0]?.headers['proxy-authorization'], undefined);
  await failureOf(httpSource(t, settings).open('https://a.test/a', openContext()), 'SOURCE_UNREACHABLE');
  await failureOf(careless.open('https://refused.test/a', openContext()), 'SOURCE_UNREACHABLE');
});

test('a reset is no end of a body behind a proxy either', async (t) => {
  const origin = await startOrigin({ tls: selfSigned() });
  t.after(() => origin.close());
  origin.route('/a', { raw: 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello', hang: 'mid-body' });
  const proxy = await startProxy(t, origin.port);
  const source = httpSource(t, { httpsProxy: `http://${proxy.host}`, insecureTls: true });
  const answer = await source.open('https://a.test/a', openContext());
  assert.ok(answer.status === 'found' && 'stream' in answer.body);
  const { stream } = answer.body;
  const reading = (async () => {
    for await (const chunk of stream) if (chunk.length > 0) proxy.reset();
  })();
  await failureOf(reading, 'SOURCE_TRUNCATED');
});

test('behind a proxy hosts that are addresses are still refused, and the proxy itself is not', async (t) => {
  const proxy = await startProxy(t, 0);
  const url = `http://${proxy.host}`;
  const source = httpSource(t, { httpProxy: url, httpsProxy: url, allowLoopback: false });
  for (const target of [
    'http://169.254.169.254/',
    'https://10.0.0.1/',
    'http://[::ffff:10.0.0.1]/',
    'http://127.0.0.1/',
  ]) {
    await failureOf(source.open(target, openContext()), 'SOURCE_ADDRESS_REFUSED');
  }
  await failureOf(source.open('http://localhost/', openContext()), 'SOURCE_ADDRESS_REFUSED');
  assert.deepEqual(proxy.asked, []);
  await readOriginal(await source.open('http://a.test/', openContext()));
  assert.equal(proxy.asked.length, 1);
});

originTest('what needs no proxy is fetched directly', async (t, origin) => {
  origin.route('/a', { body: 'direct' });
  const source = httpSource(
    t,
    { httpProxy: 'http://127.0.0.1:9', noProxy: 'a.test' },
    {
      resolve: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    },
  );
  assert.equal(
    String(await readOriginal(await source.open(`http://a.test:${origin.port}/a`, openContext()))),
    'direct',
  );
});

test('a proxy that does not answer is SOURCE_UNREACHABLE', async (t) => {
  const source = httpSource(t, { httpProxy: 'http://127.0.0.1:9', httpsProxy: 'http://127.0.0.1:9' });
  await failureOf(source.open('http://a.test/', openContext()), 'SOURCE_UNREACHABLE');
  await failureOf(source.open('https://a.test/', openContext()), 'SOURCE_UNREACHABLE');
});

describe('which proxy', () => {
  const settings = { httpProxy: 'http://plain:1', httpsProxy: 'http://secure:2', noProxy: '' };
  const choice = (noProxy: string, url: string) => {
    const { protocol, hostname, port } = new URL(url);
    const target = {
      protocol: protocol as 'http:' | 'https:',
      hostname,
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    };
    return createProxyChoice({ ...settings, noProxy })(target)?.host ?? 'direct';
  };

  test('by scheme; a missing one is no proxy', () => {
    assert.equal(choice('', 'http://a.test/'), 'plain:1');
    assert.equal(choice('', 'https://a.test/'), 'secure:2');
    const onlyHttp = createProxyChoice({ ...settings, httpsProxy: '' });
    assert.equal(onlyHttp({ protocol: 'https:', hostname: 'a.test', port: 443 }), null);
  });

  for (const [noProxy, url, direct] of [
    ['', 'http://localhost:99/', true],
    ['', 'http://127.9.9.9/', true],
    ['', 'http://[::1]/', true],
    ['*', 'http://a.test/', true],
    ['a.test', 'http://a.test/', true],
    ['a.test', 'http://b.a.test./', true],
    ['a.test', 'http://nota.test/', false],
    ['.a.test', 'http://a.test/', false],
    ['.a.test', 'http://b.a.test/', true],
    ['*.a.test', 'http://a.test/', false],
    ['*.a.test', 'http://b.a.test/', true],
    ['A.TEST', 'http://a.test/', true],
    ['a.test:81', 'http://a.test:81/', true],
    ['a.test:81', 'http://a.test/', false],
    ['x, a.test  b.test', 'http://b.test/', true],
    ['10.0.0.1', 'http://10.0.0.1/', true],
    ['10.0.0.0/8', 'http://10.9.9.9/', true],
    ['10.0.0.0/8', 'http://11.0.0.1/', false],
    ['10.0.0.0/8', 'http://10.a.test/', false],
    ['10.0.0.0/8', 'http://[fd00::1]/', false],
    ['10.0.0.0/8', 'http://[::ffff:10.0.0.1]/', true],
    ['fd00::/8', 'http://[fd00::1]/', true],
    ['fd00::1', 'http://[fd00::1]/', true],
    ['[fd00::1]:81', 'http://[fd00::1]:81/', true],
    ['[fd00::1]:81', 'http://[fd00::1]/', false],
    ['0.1', 'http://10.0.0.1/', false],
    [':// /x ,,', 'http://a.test/', false],
  ] as const) {
    test(`NO_PROXY ${JSON.stringify(noProxy)}: ${url} ${direct ? 'directly' : 'through the proxy'}`, () => {
      assert.equal(choice(noProxy, url) === 'direct', direct);
    });
  }
});
