import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { PictorError } from '../../src/core/errors.ts';
import type { PictorEvent } from '../../src/core/events.ts';
import { clientSignal } from '../../src/http/client-signal.ts';
import type { HttpHandler, HttpRequest } from '../../src/http/messages.ts';
import { sendReply } from '../../src/http/send-reply.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { serverSettings } from '../../src/http/settings.ts';
import { selfSigned } from '../support/self-signed.ts';
import { rawClient } from '../support/sockets.ts';

const folder = await mkdtemp(join(tmpdir(), 'pictor-server-'));
after(() => rm(folder, { recursive: true, force: true }));
const tls = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
const pair = selfSigned();
await Promise.all([writeFile(tls.certFile, pair.cert), writeFile(tls.keyFile, pair.key)]);

/** Answers with the raw target; `/slow` when `release` is called, `/big` with 16 MiB. */
function toy() {
  const waiting: (() => void)[] = [];
  const big = new Uint8Array(16 * 1024 * 1024);
  let aborted = 0;
  let arrived = () => {};
  const handler: HttpHandler = async (request, response) => {
    const target = request.url ?? '';
    if (target === '/throws') throw new Error('secret detail');
    if (target === '/slow') {
      clientSignal(response).addEventListener('abort', () => {
        aborted += 1;
      });
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        arrived();
      });
    }
    const body = target === '/big' ? big : target;
    sendReply(response, { status: 200, headers: ['X-Toy', 'yes'], body }, request.method ?? '');
  };
  return {
    handler,
    aborted: () => aborted,
    waiting: () => waiting.length,
    /** Resolves when a request for `/slow` has reached the handler. */
    inHand: () =>
      waiting.length > 0 ? Promise.resolve() : new Promise<void>((resolve) => (arrived = resolve)),
    release: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

async function start(t: TestContext, settings: Record<string, unknown> = {}) {
  const events: PictorEvent[] = [];
  const play = toy();
  const server = createHttpServer({
    settings: serverSettings.parse({ bind: '127.0.0.1:0', ...settings }),
    handler: play.handler,
    emit: (event) => events.push(event),
  });
  const address = await server.listen();
  t.after(() => server.close(0));
  return { ...play, server, events, address, port: address.port ?? 0 };
}

async function openHttp2(t: TestContext, port: number): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on('error', () => {});
  t.after(() => session.destroy());
  await once(session, 'connect');
  return session;
}

async function getHttp2(
  session: ClientHttp2Session,
  path: string,
  method = 'GET',
  more: OutgoingHttpHeaders = {},
) {
  const stream = session.request({ ':path': path, ':method': method, ...more });
  let body = '';
  stream.setEncoding('latin1');
  stream.on('data', (chunk: string) => {
    body += chunk;
  });
  const closed = once(stream, 'close');
  const [headers] = (await once(stream, 'response')) as [Record<string, string | number>];
  await closed;
  return { headers, body };
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

test('the raw target reaches the handler byte for byte', async (t) => {
  const { port } = await start(t, { tls });
  const session = await openHttp2(t, port);
  for (const target of ['/a/../b//c/%2e%2E/%E0%A4%A', '/a;b=c,d@e?q=%%&x', '/"<>\\^`{|}']) {
    assert.equal((await getHttp2(session, target)).body, target);
    const client = await rawClient(port, { tls: true });
    client.say(get(target, 'Connection: close\r\n'));
    assert.ok((await client.closed()).endsWith(`\r\n\r\n${target}`), target);
  }
});

test('HTTP/1.1 on a plain port: keep-alive, flat headers, HEAD without body', async (t) => {
  const { port } = await start(t);
  const client = await rawClient(port);
  client.say(get('/one'));
  assert.match(
    await client.until(/\/one$/),
    /^HTTP\/1\.1 200 OK\r\nX-Toy: yes\r\nContent-Length: 4\r\nDate: /,
  );
  client.say('HEAD /three HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(await client.closed(), /Content-Length: 6\r\n[\s\S]*Connection: close\r\n\r\n$/);
});

test('one TLS port speaks HTTP/2 and HTTP/1.1, and no TLS below 1.2', async (t) => {
  const { port } = await start(t, { tls });
  const session = await openHttp2(t, port);
  const { headers, body } = await getHttp2(session, '/two');
  assert.deepEqual([headers[':status'], headers['x-toy'], body], [200, 'yes', '/two']);
  assert.deepEqual((await getHttp2(session, '/two', 'HEAD')).body, '');
  const old = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1.1',
  });
  await assert.rejects(once(old, 'secureConnect'));
});

test('a new certificate is served after the files changed', async (t) => {
  const { server, port } = await start(t, { tls });
  const fingerprint = async () => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const before = await fingerprint();
  const next = selfSigned();
  await Promise.all([writeFile(tls.certFile, next.cert), writeFile(tls.keyFile, next.key)]);
  await server.reloadCertificate();
  assert.notEqual(await fingerprint(), before);
  await writeFile(tls.keyFile, pair.key);
  await assert.rejects(server.reloadCertificate(), isListenFailure);
  assert.notEqual(await fingerprint(), before, 'a key that does not fit leaves the certificate in place');
  await Promise.all([writeFile(tls.certFile, pair.cert), writeFile(tls.keyFile, pair.key)]);
});

const isListenFailure = (error: unknown): boolean =>
  error instanceof PictorError && error.code === 'LISTEN_FAILED';

test('an address that is taken and a certificate that is missing are told at start', async (t) => {
  const { address } = await start(t);
  const emit = () => {};
  const handler = toy().handler;
  const taken = createHttpServer({ settings: serverSettings.parse({ bind: address.text }), handler, emit });
  await assert.rejects(taken.listen(), isListenFailure);
  const missing = { certFile: join(folder, 'none.pem'), keyFile: join(folder, 'none.key') };
  const bare = createHttpServer({
    settings: serverSettings.parse({ bind: '127.0.0.1:0', tls: missing }),
    handler,
    emit,
  });
  await assert.rejects(bare.listen(), isListenFailure);
  await bare.close();
});

test('a Unix socket: stale file replaced, a living one left alone, group access only, gone after close', async (t) => {
  const path = join(folder, 'pictor.sock');
  const first = await start(t, { bind: `unix:${path}` });
  assert.equal((await stat(path)).mode & 0o777, 0o660);
  const settings = serverSettings.parse({ bind: `unix:${path}` });
  const second = createHttpServer({ settings, handler: first.handler, emit: () => {} });
  await assert.rejects(second.listen(), isListenFailure);
  const body = await new Promise((resolve) => {
    httpRequest({ socketPath: path, path: '/via-socket' }, (response) =>
      response.setEncoding('utf8').on('data', resolve),
    ).end();
  });
  assert.equal(body, '/via-socket');
  await first.server.close();
  assert.equal(existsSync(path), false);
});

test('a socket file that a killed process left behind is replaced', async (t) => {
  const path = join(folder, 'stale.sock');
  const { spawnSync } = await import('node:child_process');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  assert.equal(existsSync(path), true);
  const { address } = await start(t, { bind: `unix:${path}` });
  assert.equal(address.text, `unix:${path}`);
});

for (const kind of ['plain', 'tls'] as const) {
  const options = kind === 'tls' ? { tls: true } : {};
  const settings = kind === 'tls' ? { tls } : {};

  test(`close over ${kind} HTTP/1.1: the request in flight finishes, idle and silent connections do not hold`, async (t) => {
    const { server, port, inHand, release } = await start(t, settings);
    const [idle, silent, busy] = await Promise.all([
      rawClient(port, options),
      rawClient(port, options),
      rawClient(port, options),
    ]);
    idle.say(get('/idle'));
    await idle.until(/\/idle$/);
    busy.say(get('/slow'));
    await inHand();
    const closed = server.close(60_000);
    await Promise.all([idle.closed(), silent.closed()]);
    release();
    assert.match(await busy.closed(), /^HTTP\/1\.1 200 OK[\s\S]*Connection: close[\s\S]*\/slow$/);
    await closed;
    await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'), 'nothing is accepted any more');
  });

  test(`close over ${kind} HTTP/1.1: the deadline cuts what does not finish`, async (t) => {
    const { server, port, inHand, aborted } = await start(t, settings);
    const busy = await rawClient(port, options);
    busy.say(get('/slow'));
    await inHand();
    await server.close(50);
    assert.equal(await busy.closed(), '');
    assert.equal(aborted(), 1);
  });
}

test('close over HTTP/2: GOAWAY, the stream in flight finishes, an idle session does not hold', async (t) => {
  const { server, port, inHand, release } = await start(t, { tls });
  const [idle, busy] = await Promise.all([openHttp2(t, port), openHttp2(t, port)]);
  await getHttp2(idle, '/idle');
  const answer = getHttp2(busy, '/slow');
  await inHand();
  const goaway = once(busy, 'goaway');
  const idleClosed = once(idle, 'close');
  const closed = server.close(60_000);
  await Promise.all([goaway, idleClosed]);
  release();
  assert.equal((await answer).body, '/slow');
  await closed;
});

test('close over HTTP/2: the deadline cuts what does not finish', async (t) => {
  const { server, port, inHand } = await start(t, { tls });
  const busy = await openHttp2(t, port);
  const stream = busy.request({ ':path': '/slow' });
  stream.on('error', () => {});
  await inHand();
  await server.close(50);
  if (!stream.destroyed) await once(stream, 'close');
});

test('close: a client stuck in its TLS handshake does not hold', async (t) => {
  const { server, port } = await start(t, { tls });
  const stuck = connect(port, '127.0.0.1');
  await once(stuck, 'connect');
  while (server.connections() === 0) await sleep(5);
  await server.close(60_000);
  stuck.destroy();
});

test('a client that leaves aborts its signal: HTTP/1 socket and HTTP/2 stream', async (t) => {
  const { port, inHand, aborted, release } = await start(t, { tls });
  const client = await rawClient(port, { tls: true });
  client.say(get('/slow'));
  await inHand();
  client.socket.destroy();
  while (aborted() < 1) await sleep(5);
  release();
  const session = await openHttp2(t, port);
  const stream = session.request({ ':path': '/slow' });
  stream.on('error', () => {});
  await inHand();
  stream.close(constants.NGHTTP2_CANCEL);
  while (aborted() < 2) await sleep(5);
  assert.equal(aborted(), 2);
  release();
});

test('the address of a client is known after it has left', async (t) => {
  const requests: HttpRequest[] = [];
  const settings = serverSettings.parse({ bind: '127.0.0.1:0' });
  const handler: HttpHandler = (request) => void requests.push(request);
  const server = createHttpServer({ settings, handler, emit: () => {} });
  t.after(() => server.close(0));
  const { port } = await server.listen();
  const client = await rawClient(port ?? 0);
  client.say(get('/gone'));
  while (requests.length === 0) await sleep(5);
  client.socket.destroy();
  while (server.connections() > 0) await sleep(5);
  assert.equal(requests[0]?.socket.remoteAddress, '127.0.0.1');
});

test('bytes that are no HTTP get a plain 400, headers that are too large 431, and nothing is told', async (t) => {
  const { port, events } = await start(t, { maxHeaderBytes: 4096 });
  const garbage = await rawClient(port);
  garbage.say('\x16\x03\x01 not http\r\n\r\n');
  assert.match(
    await garbage.closed(),
    /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n\r\nBad Request\n$/,
  );
  const large = await rawClient(port);
  large.say(get(`/${'x'.repeat(8192)}`));
  assert.match(await large.closed(), /^HTTP\/1\.1 431 /);
  const lines = events.filter((event) => event.type === 'request');
  assert.deepEqual(
    lines.map(({ status }) => status),
    [400, 431],
  );
});

const smuggled: Readonly<Record<string, string>> = {
  'Content-Length and Transfer-Encoding':
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: x\r\n\r\n',
  'two Content-Lengths': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\naaaaa',
  'a blank before the colon': 'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
  'a folded header': 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n',
  'chunked not last': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
  'no Host': 'GET / HTTP/1.1\r\n\r\n',
  'two Hosts': 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
  'the same Host twice': 'GET / HTTP/1.1\r\nHost: x\r\nHOST: x\r\n\r\n',
  'two Hosts in HTTP/1.0': 'GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n',
  'a whole URL and two Hosts': 'GET http://x/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
  'a Host that is none': 'GET / HTTP/1.1\r\nHost: x/y@z\r\n\r\n',
};
for (const [what, bytes] of Object.entries(smuggled)) {
  test(`a request with ${what} is refused`, async (t) => {
    const { port } = await start(t);
    const client = await rawClient(port);
    client.say(bytes);
    const text = await client.closed();
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1);
  });
}

test('HTTP/1.0 needs no Host, and a whole URL may name another', async (t) => {
  const { port } = await start(t);
  for (const bytes of [
    'GET / HTTP/1.0\r\n\r\n',
    'GET http://a/ HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n',
  ]) {
    const client = await rawClient(port);
    client.say(bytes);
    assert.match(await client.closed(), /^HTTP\/1\.1 200 /, bytes);
  }
});

test('HTTP/2: Host may stand beside :authority only when both are the same', async (t) => {
  const { port, events } = await start(t, { tls });
  const session = await openHttp2(t, port);
  const statusWith = async (more: OutgoingHttpHeaders) =>
    (await getHttp2(session, '/x', 'GET', more)).headers[':status'];
  assert.equal(await statusWith({ ':authority': 'a.example' }), 200);
  assert.equal(await statusWith({ ':authority': 'a.example:443', host: 'A.example' }), 200);
  assert.equal(await statusWith({ ':authority': 'a.example', host: 'b.example' }), 400);
  assert.equal(await statusWith({ ':authority': 'a.example', host: 'a.example:8443' }), 400);
  assert.deepEqual(
    events.map((event) => event.type === 'request' && event.detail),
    [':authority and Host differ', ':authority and Host differ'],
  );
  assert.equal(await statusWith({ ':authority': 'a.example' }), 200, 'the session goes on');
});

test('a chunked body that breaks the grammar ends the connection: nothing after it counts as a request', async (t) => {
  const { port } = await start(t);
  const client = await rawClient(port);
  client.say(
    'POST /first HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n' + get('/evil'),
  );
  assert.doesNotMatch(await client.closed(), /evil/);
});

test('upgrades are ignored, CONNECT is refused, Expect is answered', async (t) => {
  const { port } = await start(t);
  const upgrade = await rawClient(port);
  upgrade.say(get('/up', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
  await upgrade.until(/^HTTP\/1\.1 200 [\s\S]*\/up$/);
  const tunnel = await rawClient(port);
  tunnel.say('CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n');
  assert.doesNotMatch(await tunnel.closed(), / 200 /);
  const patient = await rawClient(port);
  patient.say('POST /post HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  assert.match(await patient.closed(), /^HTTP\/1\.1 200 OK[\s\S]*Connection: close/);
  const odd = await rawClient(port);
  odd.say(get('/', 'Expect: wonders\r\nConnection: close\r\n'));
  assert.match(await odd.closed(), /^HTTP\/1\.1 417 /);
});

test('CONNECT over HTTP/2 is refused', async (t) => {
  const { port } = await start(t, { tls });
  const session = await openHttp2(t, port);
  const stream = session.request({ ':method': 'CONNECT', ':authority': '127.0.0.1:22' });
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  assert.equal(headers[':status'], 405);
});

test('a GET with an endless body is answered and the connection closed', async (t) => {
  const { port } = await start(t);
  const client = await rawClient(port);
  client.say('GET /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\naaaa\r\n');
  assert.match(await client.closed(), /Connection: close[\s\S]*\/body$/);
});

test('a handler that throws: bare 500, the text of the error only in a notice', async (t) => {
  const { port, events } = await start(t);
  const client = await rawClient(port);
  client.say(get('/throws', 'Connection: close\r\n'));
  const text = await client.closed();
  assert.match(text, /^HTTP\/1\.1 500 /);
  assert.doesNotMatch(text, /secret/);
  assert.match(JSON.stringify(events), /secret detail/);
});

for (const kind of ['plain', 'tls'] as const) {
  test(`headers and bodies that drip are cut off with 408 (${kind})`, async (t) => {
    const limits = { headersTimeoutSeconds: 0.5, requestTimeoutSeconds: 1 };
    const { port } = await start(t, { ...limits, ...(kind === 'tls' ? { tls } : {}) });
    const options = { tls: kind === 'tls' };
    const [head, body] = await Promise.all([rawClient(port, options), rawClient(port, options)]);
    head.say('GET / HTTP/1.1\r\nHost: x\r\n');
    body.say('POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n');
    const drip = setInterval(() => {
      head.say('A: b\r\n');
      body.say('x');
    }, 50);
    t.after(() => clearInterval(drip));
    assert.match(await head.closed(), /^HTTP\/1\.1 408 /);
    assert.match(await body.closed(), /^HTTP\/1\.1 408 /);
  });
}

for (const kind of ['plain', 'tls'] as const) {
  test(`a client that does not read its answer is cut off (${kind} HTTP/1.1)`, async (t) => {
    const { server, port } = await start(t, { writeTimeoutSeconds: 0.3, ...(kind === 'tls' ? { tls } : {}) });
    const client = await rawClient(port, kind === 'tls' ? { tls: true } : {});
    client.socket.pause();
    client.say(get('/big'));
    while (server.connections() === 0) await sleep(5);
    while (server.connections() > 0) await sleep(20);
    client.socket.destroy();
  });
}

test('a client that does not read its answer is cut off (HTTP/2)', async (t) => {
  const { port } = await start(t, { writeTimeoutSeconds: 0.3, tls });
  const session = await openHttp2(t, port);
  const stream = session.request({ ':path': '/big' });
  stream.pause();
  stream.on('error', () => {});
  while (stream.rstCode === constants.NGHTTP2_NO_ERROR) await sleep(20);
  assert.equal(stream.rstCode, constants.NGHTTP2_CANCEL);
  assert.equal((await getHttp2(session, '/still-here')).body, '/still-here', 'the session goes on');
});

test('a slow but steady reader gets everything, with a handler slower than the write timeout before', async (t) => {
  const { port, inHand, release } = await start(t, { writeTimeoutSeconds: 0.5 });
  const patient = await rawClient(port);
  patient.say(get('/slow'));
  await inHand();
  await sleep(1200);
  release();
  await patient.until(/\/slow$/);
  const steady = await rawClient(port);
  let bytes = 0;
  steady.socket.removeAllListeners('data');
  steady.socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    steady.socket.pause();
    setTimeout(() => steady.socket.resume(), 5);
  });
  steady.say(get('/big', 'Connection: close\r\n'));
  await steady.closed();
  assert.ok(bytes > 16 * 1024 * 1024, `${bytes} bytes`);
});

test('idle connections end: HTTP/1 keep-alive and an HTTP/2 session that only pings', async (t) => {
  const { server, port } = await start(t, { idleTimeoutSeconds: 0.3, tls });
  const client = await rawClient(port, { tls: true });
  client.say(get('/a'));
  const session = await openHttp2(t, port);
  await getHttp2(session, '/b');
  const pinging = setInterval(() => !session.destroyed && session.ping(() => {}), 50);
  t.after(() => clearInterval(pinging));
  await Promise.all([client.closed(), once(session, 'close')]);
  while (server.connections() > 0) await sleep(5);
});

test('connections beyond the bound are closed, the others are served', async (t) => {
  const { port, events } = await start(t, { maxConnections: 1 });
  const first = await rawClient(port);
  first.say(get('/a'));
  await first.until(/\/a$/);
  const second = connect(port, '127.0.0.1');
  second.on('error', () => {});
  await once(second, 'close');
  first.say(get('/b'));
  await first.until(/\/b$/);
  assert.match(JSON.stringify(events), /maxConnections/);
});

test('HTTP/2 rapid resets soon reach nobody, and others are served', async (t) => {
  const { port, waiting, release } = await start(t, { tls });
  const session = await openHttp2(t, port);
  const total = 6000;
  for (let sent = 0; sent < total && !session.destroyed; sent += 1) {
    const stream = session.request({ ':path': '/slow' });
    stream.on('error', () => {});
    stream.close(constants.NGHTTP2_CANCEL);
    if (sent % 50 === 0) await sleep(1);
  }
  assert.ok(waiting() < total / 2, `${waiting()} of ${total} reached the handler`);
  release();
  const next = await openHttp2(t, port);
  assert.equal((await getHttp2(next, '/alive')).body, '/alive');
});

test('HTTP/2 limits are announced: streams, header list; a header list beyond it ends that stream only', async (t) => {
  const { port } = await start(t, { tls, maxHeaderBytes: 8192 });
  const session = await openHttp2(t, port);
  await getHttp2(session, '/first');
  assert.equal(session.remoteSettings.maxConcurrentStreams, 128);
  assert.equal(session.remoteSettings.maxHeaderListSize, 8192);
  const stream = session.request({ ':path': '/x', 'x-large': 'y'.repeat(20_000) });
  await assert.rejects(once(stream, 'close'));
  assert.notEqual(stream.rstCode, constants.NGHTTP2_NO_ERROR);
  assert.equal((await getHttp2(session, '/next')).body, '/next');
});

test('a port that speaks something else is no trouble', async (t) => {
  const { port } = await start(t, { tls });
  const client = await rawClient(port);
  client.say(get('/plain-on-tls'));
  assert.doesNotMatch(await client.closed(), / 200 /);
  const session = await openHttp2(t, port);
  assert.equal((await getHttp2(session, '/fine')).body, '/fine');
});
