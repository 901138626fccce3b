/** vip on buckets that are quick to take away and to bring back. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { env as ambient } from 'node:process';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { requireComponent } from '../support/component.ts';
import { drawing, livePictor, metric, until } from '../support/live-pictor.ts';
import { freePort, type PictorProcess } from '../support/pictor-process.ts';
import { type RunningS3rver, startS3rver } from '../support/s3rver.ts';
import { selfSigned } from '../support/self-signed.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ask, sizeOf } from '../support/vip-vectors.ts';
import { describeVip, s3Ground, vipOn } from './vip.ts';

const run = promisify(execFile);

/** A service that lives as long as a test. */
async function service(t: TestContext): Promise<RunningS3rver> {
  const running = await startS3rver();
  t.after(() => running.close());
  return running;
}

describeVip('s3rver', async () => {
  const running = await startS3rver();
  const ground = await s3Ground(running);
  return {
    ...ground,
    async close() {
      await ground.close();
      await running.close();
    },
  };
});

test('S3 that dies: what is at hand is served, the rest is not there for now', async (t) => {
  const folder = await temporaryFolder(t);
  let running = await startS3rver(0, folder);
  const ground = await s3Ground(running);
  t.after(async () => {
    await ground.close();
    await running.close();
  });
  const { bucket } = ground.store;
  for (const key of ['a', 'b'])
    await ground.store.put(key, await drawing({ width: 120, height: 60, colour: 'teal' }), 'image/png');
  const pictor = await ground.start();
  t.after(() => pictor.kill());
  for (const target of ['a', 'a?s=50']) assert.equal((await pictor.get(`/${bucket}/${target}`)).status, 200);

  await running.close();
  for (const target of ['a', 'a?s=50']) assert.equal((await pictor.get(`/${bucket}/${target}`)).status, 200);
  // Made of the original that is still in memory.
  const made = await pictor.get(`/${bucket}/a?s=40`);
  assert.deepEqual([made.status, await sizeOf(made.body)], [200, 'jpeg 40x20']);
  for (const target of ['b', 'b?s=50']) {
    const { status, headers, body } = await pictor.get(`/${bucket}/${target}`);
    assert.deepEqual([status, headers['cache-control']], [502, 'no-store'], target);
    assert.doesNotMatch(body.toString(), /ECONN|127\.0\.0\.1|AWS/);
  }
  const upload = await ask(pictor.port, {
    method: 'POST',
    path: `/upload/${bucket}`,
    headers: { 'Content-Type': 'image/png' },
    body: await drawing({ width: 12, height: 6, colour: 'teal' }),
  });
  assert.equal(upload.status, 500);
  assert.match(upload.body.toString(), /^Storage is unreachable\n$/);

  running = await startS3rver(running.port, folder);
  const { status } = await pictor.get(`/${bucket}/b?s=50`);
  assert.equal(status, 200);
});

/** `pictor serve` with a mount below /vip on an S3 service that has its own idea of answers. */
async function onStub(t: TestContext, stub: Server): Promise<PictorProcess> {
  stub.listen(0, '127.0.0.1');
  await once(stub, 'listening');
  t.after(() => stub.close());
  const { port } = stub.address() as { readonly port: number };
  const s3 = {
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'a',
    secretAccessKey: 'b',
    timeoutSeconds: 5,
    maxAttempts: 2,
  };
  const mounts = [{ prefix: '/vip', dialect: 'vip', settings: { store: 's3', s3 } }];
  const env = { PICTOR_MOUNTS: JSON.stringify(mounts), PICTOR_CACHE_DIR: '' };
  return livePictor(t, { args: ['serve'], env });
}

const uploadOf = async ({ port }: PictorProcess) =>
  ask(port, {
    method: 'POST',
    path: '/vip/upload/bucket',
    headers: { 'Content-Type': 'image/png' },
    body: await drawing({ width: 12, height: 6, colour: 'teal' }),
  });

test('S3 that never answers ends in 504', async (t) => {
  const pictor = await onStub(
    t,
    createServer(() => {}),
  );
  for (const target of ['/vip/bucket/i', '/vip/bucket/i?s=50']) {
    const { status, headers } = await pictor.get(target);
    assert.deepEqual([status, headers['cache-control']], [504, 'no-store'], target);
  }
  assert.equal((await uploadOf(pictor)).status, 500);
  assert.equal((await pictor.get('/vip/bucket//i')).headers['location'], '/vip/bucket/i');
  assert.equal((await pictor.get('/vip/ping')).body.toString(), 'pong');
});

const refusals: readonly (readonly [status: number, code: string, shown: number])[] = [
  [403, 'AccessDenied', 404],
  [404, 'NoSuchBucket', 404],
  [500, 'InternalError', 502],
  [503, 'SlowDown', 502],
];

for (const [status, code, shown] of refusals) {
  test(`S3 that answers ${code} is shown as ${shown}`, async (t) => {
    const xml = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>geheim</Message></Error>`;
    const stub = createHttpServer((request, response) => {
      request.resume();
      response.writeHead(status, { 'Content-Type': 'application/xml' }).end(xml);
    });
    const pictor = await onStub(t, stub);
    for (const target of ['/vip/bucket/i', '/vip/bucket/i?s=50']) {
      const answer = await pictor.get(target);
      assert.deepEqual([answer.status, answer.headers['cache-control']], [shown, 'no-store'], target);
      assert.doesNotMatch(answer.body.toString(), /geheim/);
    }
    const upload = await uploadOf(pictor);
    assert.equal(upload.status, 500);
    assert.doesNotMatch(upload.body.toString(), /geheim/);
  });
}

test('credentials that may not list a bucket still get sizes that are not there yet', async (t) => {
  const picture = await drawing({ width: 120, height: 60, colour: 'teal' });
  const written: string[] = [];
  // S3 answers 403 for a key that is not there to whoever may not list.
  const denied = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>';
  const stub = createHttpServer((request, response) => {
    request.resume();
    const [key = ''] = (request.url ?? '').split('?');
    if (request.method === 'PUT') {
      written.push(key);
      request.on('end', () => response.writeHead(200, { ETag: '"x"' }).end());
    } else if (key === '/bucket/i') {
      const head = {
        'Content-Length': picture.length,
        'Last-Modified': new Date(0).toUTCString(),
        ETag: '"i"',
      };
      response.writeHead(200, head).end(request.method === 'HEAD' ? undefined : picture);
    } else response.writeHead(403, { 'Content-Type': 'application/xml' }).end(denied);
  });
  const pictor = await onStub(t, stub);
  const { status, headers } = await pictor.get('/vip/bucket/i?s=50');
  assert.deepEqual([status, headers['content-type']], [200, 'image/jpeg']);
  await until('the size is kept', () => written.includes('/bucket/i/s/50'));
  assert.equal((await pictor.get('/vip/bucket/gone?s=50')).status, 404);
});

test('many who want the same size wait for one that is made', async (t) => {
  const ground = await s3Ground(await service(t));
  t.after(() => ground.close());
  const { store } = ground;
  await store.put('a', await drawing({ width: 1200, height: 600, colour: 'teal' }), 'image/png');
  const pictor = await ground.start();
  t.after(() => pictor.kill());
  const answers = await Promise.all(Array.from({ length: 20 }, () => pictor.get(`/${store.bucket}/a?s=300`)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(new Set(answers.map(({ body }) => body.toString('latin1'))).size, 1);
  assert.equal(await metric(pictor, 'pictor_transforms_total'), 1);
});

test('an id in one bucket says nothing of the same id in another', async (t) => {
  const running = await service(t);
  const [one, two] = [await s3Ground(running), await s3Ground(running)];
  t.after(() => Promise.all([one.close(), two.close()]));
  await one.store.put('a', await drawing({ width: 100, height: 50, colour: 'teal' }), 'image/png');
  await two.store.put('a', await drawing({ width: 50, height: 100, colour: 'pink' }), 'image/png');
  const pictor = await one.start();
  t.after(() => pictor.kill());
  const sizes = async (query: string) =>
    Promise.all(
      [one, two].map(async ({ store }) => sizeOf((await pictor.get(`/${store.bucket}/a${query}`)).body)),
    );
  for (let round = 0; round < 2; round += 1) {
    assert.deepEqual(await sizes('?s=20'), ['jpeg 20x10', 'jpeg 20x40']);
    assert.deepEqual(await sizes(''), ['png 100x50', 'png 50x100']);
  }
});

const curl = requireComponent('curl');

test('TLS: HTTP/2 and HTTP/1.1, and only the latter where that is said', { skip: curl.skip }, async (t) => {
  const running = await service(t);
  const ground = await s3Ground(running);
  t.after(() => ground.close());
  const { bucket } = ground.store;
  await ground.store.put('a', await drawing({ width: 120, height: 60, colour: 'teal' }), 'image/png');
  const folder = await temporaryFolder(t);
  const { cert, key } = selfSigned();
  const files = {
    certFile: path.join(folder, 'application.pem'),
    keyFile: path.join(folder, 'application.key'),
  };
  await Promise.all([writeFile(files.certFile, cert), writeFile(files.keyFile, key)]);
  const tls = { PICTOR_SERVER_TLS_CERT_FILE: files.certFile, PICTOR_SERVER_TLS_KEY_FILE: files.keyFile };
  const versionBy = async (port: number, ...more: readonly string[]) => {
    const words = ['-s', '-o', '/dev/null', '-w', '%{http_version} %{http_code}', '--cacert', files.certFile];
    const url = `https://localhost:${port}/${bucket}/a?s=50`;
    const at = ['--resolve', `localhost:${port}:127.0.0.1`];
    const { stdout } = await run('curl', [...words, ...at, ...more, url], { env: { PATH: ambient['PATH'] } });
    return stdout;
  };

  const both = await livePictor(t, { args: ['vip'], env: { ...vipOn(running), ...tls } });
  assert.equal(await versionBy(both.port), '2 200');
  assert.equal(await versionBy(both.port, '--http1.1'), '1.1 200');
  const session = connectHttp2(`https://localhost:${both.port}`, { ca: cert, host: '127.0.0.1' });
  t.after(() => session.destroy());
  const upload = session.request({
    ':method': 'POST',
    ':path': `/upload/${bucket}`,
    'content-type': 'image/png',
  });
  upload.end(await drawing({ width: 12, height: 6, colour: 'teal' }));
  const chunks: Buffer[] = [];
  upload.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(upload, 'end');
  const { url } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly url: string };
  assert.match(url, new RegExp(`^https://localhost:${both.port}/${bucket}/[0-9a-f]{32}-12x6$`));

  const one = await livePictor(t, {
    args: ['vip'],
    env: { ...vipOn(running), ...tls, DISABLE_HTTP2: 'True' },
  });
  assert.equal(await versionBy(one.port), '1.1 200');
});

test('without a certificate URLs are plain, and the port is the one of the flag', async (t) => {
  const running = await service(t);
  const ground = await s3Ground(running);
  t.after(() => ground.close());
  const port = await freePort();
  const pictor = await livePictor(t, {
    args: ['vip', '-httpport', String(port), '-verbose', '-cacheport=1'],
    bind: 'UNUSED',
    env: vipOn(running),
    port,
  });
  const upload = await ask(pictor.port, {
    method: 'POST',
    path: `/upload/${ground.store.bucket}`,
    headers: { 'Content-Type': 'image/png', Host: 'pictures.test' },
    body: await drawing({ width: 12, height: 6, colour: 'teal' }),
  });
  assert.match(upload.body.toString(), /"http:\/\/pictures\.test\//);
});
