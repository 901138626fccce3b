/** `pictor s3imageserver` and S3 on a service that is quick to stop and start again. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import { drawing, livePictor, until } from '../support/live-pictor.ts';
import { freePort } from '../support/pictor-process.ts';
import { adminOf, freshBucket, putObject } from '../support/s3-service.ts';
import { startS3rver } from '../support/s3rver.ts';
import { selfSigned } from '../support/self-signed.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { awsOf, describeS3imageserver, quietAws, s3imageserverWith } from './s3imageserver.ts';

describeS3imageserver('s3rver', startS3rver);

test('while the bucket is away old pictures are given, new ones are missing, and all is well when it is back', async (t) => {
  const folder = await temporaryFolder(t);
  let service = await startS3rver(0, folder);
  t.after(() => service.close());
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  for (const key of ['imagesLarge/a.png', 'imagesLarge/b.png'])
    await putObject(
      admin,
      { bucket, key },
      { Body: await drawing({ width: 20, height: 20, colour: 'red' }) },
    );
  admin.destroy();
  const { pictor } = await s3imageserverWith(t, {
    // Never fresh: each request asks the bucket.
    handlers: [{ prefix: 'h', aws: awsOf(service, bucket), cache_time: 0 }],
  });
  const first = await pictor.get('/h/a.png?w=10');
  assert.equal(first.status, 200);

  await service.close();
  const stale = await pictor.get('/h/a.png?w=10');
  assert.equal(stale.status, 200, 'an old picture is better than none');
  assert.deepEqual(stale.body, first.body);
  const missing = await pictor.get('/h/b.png?w=10');
  assert.equal(missing.status, 404);
  assert.equal(missing.body.length, 0, 'nothing is told of the machine behind');

  service = await startS3rver(service.port, folder);
  await until('the other one can be had', async () => (await pictor.get('/h/b.png?w=10')).status === 200);
});

test('HTTPS and HTTP at once, redirected or not', async (t) => {
  const service = await startS3rver();
  t.after(() => service.close());
  const admin = adminOf(service);
  const bucket = await freshBucket(admin);
  const body = await drawing({ width: 20, height: 20, colour: 'red' });
  await putObject(admin, { bucket, key: 'imagesLarge/a.png' }, { Body: body });
  admin.destroy();
  for (const strict of [true, false]) {
    const folder = await temporaryFolder(t);
    const { cert, key } = selfSigned();
    const [https_cert, https_key] = [path.join(folder, 'bundle.crt'), path.join(folder, 'cert.key')];
    await writeFile(https_cert, cert);
    await writeFile(https_key, key);
    const [http_port, https_port] = [await freePort(), await freePort()];
    const file = path.join(folder, 'config.json');
    const handlers = [{ prefix: 'h', aws: awsOf(service, bucket) }];
    const top = { http_port, https_enabled: true, https_strict: strict, https_port, https_cert, https_key };
    await writeFile(file, JSON.stringify({ handlers, ...top }));
    const pictor = await livePictor(t, {
      args: ['s3imageserver', '-c', file],
      port: http_port,
      bind: 'NOT_READ',
      env: quietAws,
    });
    const securely = await new Promise<number | undefined>((resolve, reject) => {
      const asking = request(
        { host: '127.0.0.1', port: https_port, path: '/h/a.png?w=5', ca: cert, servername: 'localhost' },
        (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode));
        },
      );
      asking.once('error', reject);
      asking.end();
    });
    assert.equal(securely, 200);
    const plainly = await pictor.get('/h/a.png?w=5');
    assert.equal(plainly.status, strict ? 301 : 200);
    if (strict) assert.equal(plainly.headers['location'], `https://127.0.0.1:${https_port}/h/a.png?w=5`);
    assert.equal(await pictor.stop(), 0);
  }
});
