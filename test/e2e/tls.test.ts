/** HTTP/2 and HTTP/1.1 on one encrypted port of the running program, with the whole way of a picture behind it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { request as requestHttps } from 'node:https';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import sharp from 'sharp';
import {
  allowing,
  drawing,
  liveOrigin,
  livePictor,
  metric,
  nativeTarget,
  until,
} from '../support/live-pictor.ts';
import type { OriginReply } from '../support/origin.ts';
import { selfSigned } from '../support/self-signed.ts';
import { rawClient } from '../support/sockets.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

type Headers = Readonly<Record<string, string>>;

async function overHttp2(
  session: ClientHttp2Session,
  target: string,
  headers: Headers = {},
): Promise<Answer> {
  const stream = session.request({ ':method': 'GET', ':path': target, ...headers });
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [[response]] = (await Promise.all([once(stream, 'response'), once(stream, 'end')])) as [
    [IncomingHttpHeaders],
    unknown,
  ];
  return { status: Number(response[':status']), headers: response, body: Buffer.concat(chunks) };
}

interface Encrypted {
  readonly port: number;
  /** The certificate, which is its own authority. */
  readonly ca: string;
}

function overHttp1({ port, ca }: Encrypted, target: string, headers: Headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = requestHttps(
      { host: '127.0.0.1', port, servername: 'localhost', ca, path: target, headers, agent: false },
      (response) => {
        assert.equal(response.httpVersion, '1.1');
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          });
        });
      },
    );
    request.on('error', reject);
    request.end();
  });
}

async function openSession(t: TestContext, { port, ca }: Encrypted): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://localhost:${port}`, {
    ca,
    host: '127.0.0.1',
    servername: 'localhost',
  });
  t.after(() => session.destroy());
  await once(session, 'connect');
  assert.equal(session.alpnProtocol, 'h2');
  return session;
}

test('with a certificate, HTTP/2 and HTTP/1.1 serve pictures on one port', async (t) => {
  const folder = await temporaryFolder(t);
  const { cert, key } = selfSigned();
  const files = { certFile: path.join(folder, 'cert.pem'), keyFile: path.join(folder, 'key.pem') };
  await Promise.all([writeFile(files.certFile, cert), writeFile(files.keyFile, key)]);
  const origin = await liveOrigin(t);
  const headers = { 'cache-control': 'max-age=3600' };
  origin.route('/a.png', { body: await drawing({ width: 90, height: 60, colour: 'olive' }), headers });
  const slow = Promise.withResolvers<OriginReply>();
  for (const slowly of ['/slow.png', '/slower.png']) origin.route(slowly, () => slow.promise);
  const pictor = await livePictor(t, {
    args: ['serve'],
    env: {
      ...allowing(origin),
      PICTOR_SERVER_TLS_CERT_FILE: files.certFile,
      PICTOR_SERVER_TLS_KEY_FILE: files.keyFile,
    },
  });
  const place: Encrypted = { port: pictor.port, ca: cert };
  const session = await openSession(t, place);
  const target = nativeTarget(`${origin.url}/a.png`);

  await t.test('the same picture by both, made once', async () => {
    const [two, one] = await Promise.all([overHttp2(session, target), overHttp1(place, target)]);
    assert.deepEqual([two.status, one.status], [200, 200]);
    const { format, width, height } = await sharp(two.body).metadata();
    assert.equal(`${format} ${width}x${height}`, 'png 64x43');
    assert.deepEqual(one.body, two.body);
    for (const name of ['etag', 'content-type', 'content-length', 'x-content-type-options'] as const)
      assert.equal(one.headers[name], two.headers[name], name);
    assert.equal(await metric(pictor, 'pictor_transforms_total'), 1);
    assert.equal(origin.count(), 1);
  });

  await t.test('many streams of one connection', async () => {
    const widths = Array.from({ length: 40 }, (_, index) => 10 + (index % 20));
    const answers = await Promise.all(
      widths.map((width) => overHttp2(session, nativeTarget(`${origin.url}/a.png`, `rs:force:${width}:10`))),
    );
    for (const [index, { status, body }] of answers.entries()) {
      assert.equal(status, 200);
      assert.equal((await sharp(body).metadata()).width, widths[index]);
    }
    assert.equal(origin.count(), 1);
    assert.equal(await metric(pictor, 'pictor_transforms_total'), 21);
  });

  await t.test('conditions, parts and errors by both', async () => {
    const etag = String((await overHttp2(session, target)).headers.etag);
    for (const ask of [
      (wanted: string, more?: Headers) => overHttp2(session, wanted, more),
      (wanted: string, more?: Headers) => overHttp1(place, wanted, more),
    ]) {
      assert.equal((await ask(target, { 'if-none-match': etag })).status, 304);
      const part = await ask(target, { range: 'bytes=0-7' });
      assert.deepEqual([part.status, part.body.length, part.headers['accept-ranges']], [206, 8, 'bytes']);
      assert.equal((await ask('/imgproxy/unsafe/nonsense')).status, 404);
      assert.equal((await ask(nativeTarget(`${origin.url}/missing.png`))).status, 404);
    }
  });

  await t.test('who speaks no TLS gets nothing, and disturbs nobody', async () => {
    const client = await rawClient(pictor.port);
    client.say(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.doesNotMatch(await client.closed(), / 200 |PNG/);
    assert.equal((await overHttp2(session, target)).status, 200);
  });

  await t.test('SIGTERM lets a stream and a request in flight finish', async () => {
    const [two, one] = [
      overHttp2(session, nativeTarget(`${origin.url}/slow.png`)),
      overHttp1(place, nativeTarget(`${origin.url}/slower.png`)),
    ];
    await until('both wait', () => origin.count('/slow.png') + origin.count('/slower.png') === 2);
    const stopped = pictor.stop();
    await until('the server is stopping', () => pictor.output().includes('stopping'));
    slow.resolve({ body: await drawing({ width: 64, height: 64, colour: 'pink' }) });
    assert.deepEqual([(await two).status, (await one).status], [200, 200]);
    assert.equal(await stopped, 0);
  });
});
