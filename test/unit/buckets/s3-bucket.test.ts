import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { createS3Buckets } from '../../../src/buckets/s3-bucket.ts';
import type { S3Place } from '../../../src/request/storage.ts';
import { newBucket, placeOn } from '../../contract/buckets.ts';
import { jpeg } from '../../support/mirror.ts';
import { adminOf } from '../../support/s3-service.ts';
import { type RunningS3rver, startS3rver } from '../../support/s3rver.ts';

let service: RunningS3rver;
before(async () => {
  service = await startS3rver();
});
after(() => service.close());

function open(context: TestContext, changes: Partial<S3Place> = {}) {
  const buckets = createS3Buckets(placeOn(service, { maxAttempts: 1, timeoutSeconds: 20, ...changes }));
  context.after(() => buckets.close());
  return buckets;
}

/** A web server that answers as a service might. */
async function answering(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const xml =
  (status: number, code: string): RequestListener =>
  (request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>words</Message></Error>`);
  };

describe('S3 buckets', () => {
  it('are one for every name, or the one of the place whatever is asked for', async (context) => {
    const [one, two] = [await newBucket(service), await newBucket(service)];
    const many = open(context);
    await many.bucket(one).put('id', Buffer.from('1'), jpeg);
    await many.bucket(two).put('id', Buffer.from('22'), jpeg);
    assert.equal((await many.bucket(one).head('id'))!.size, 1);
    assert.equal(many.bucket(one), many.bucket(one));
    const single = open(context, { bucket: two });
    for (const name of ['', one, 'anything']) assert.equal((await single.bucket(name).head('id'))!.size, 2);
    for (const name of ['', '..', 'a/b', 'arn:aws:s3:::x'])
      assert.throws(() => many.bucket(name), { code: 'STORAGE_REFUSED', upstreamStatus: 404 }, name);
  });

  it('put the prefix before every key as it is, and show nothing outside of it', async (context) => {
    const name = await newBucket(service);
    const whole = open(context).bucket(name);
    const below = open(context, { prefix: 'images/v' }).bucket(name);
    await whole.put('images/other', Buffer.from('x'), jpeg);
    await whole.put('images/v', Buffer.from('x'), jpeg);
    await below.put('1/a', Buffer.from('y'), jpeg);
    assert.equal((await whole.head('images/v1/a'))!.size, 1);
    assert.deepEqual(
      (await Array.fromAsync(below.list(''))).map(({ key }) => key),
      ['1/a'],
    );
    assert.equal(await below.head(''), null);
    assert.equal(await below.head('/../other'), null);
  });

  it('send the canned ACL, or none', async (context) => {
    const sent: (string | undefined)[] = [];
    const endpoint = await answering(context, (request, response) => {
      sent.push(request.headers['x-amz-acl'] as string | undefined);
      request.resume().on('end', () => response.end());
    });
    await open(context, { endpoint, acl: 'bucket-owner-read' })
      .bucket('images')
      .put('a', Buffer.from('x'), jpeg);
    await open(context, { endpoint }).bucket('images').put('a', Buffer.from('x'), jpeg);
    assert.deepEqual(sent, ['bucket-owner-read', undefined]);
  });

  it('show the token of temporary credentials', async (context) => {
    let token: unknown;
    const endpoint = await answering(context, (request, response) => {
      token = request.headers['x-amz-security-token'];
      response.end();
    });
    await open(context, { endpoint, sessionToken: 'temporary' }).bucket('images').head('a');
    assert.equal(token, 'temporary');
  });

  it('go by path where the environment names the service', async (context) => {
    const name = await newBucket(service);
    const admin = adminOf(service);
    context.after(() => admin.destroy());
    process.env.AWS_ENDPOINT_URL_S3 = service.endpoint;
    context.after(() => {
      delete process.env.AWS_ENDPOINT_URL_S3;
    });
    const bucket = open(context, { endpoint: '' }).bucket(name);
    await bucket.put('a', Buffer.from('found'), jpeg);
    assert.equal((await open(context).bucket(name).head('a'))!.size, 5);
  });

  const failures: readonly [status: number, code: string, expected: Record<string, unknown>][] = [
    [404, 'NoSuchBucket', { code: 'STORAGE_REFUSED', upstreamStatus: 404 }],
    [403, 'AccessDenied', { code: 'STORAGE_REFUSED', upstreamStatus: 403 }],
    [403, 'InvalidObjectState', { code: 'STORAGE_REFUSED', upstreamStatus: 403 }],
    [403, 'InvalidAccessKeyId', { code: 'STORAGE_FAILED', upstreamStatus: 403 }],
    [403, 'SignatureDoesNotMatch', { code: 'STORAGE_FAILED', upstreamStatus: 403 }],
    [400, 'ExpiredToken', { code: 'STORAGE_FAILED' }],
    [503, 'SlowDown', { code: 'STORAGE_FAILED', upstreamStatus: 503 }],
    [500, 'InternalError', { code: 'STORAGE_FAILED', upstreamStatus: 500 }],
  ];
  for (const [status, code, expected] of failures)
    it(`tell ${code} by what is to be done about it`, async (context) => {
      const endpoint = await answering(context, xml(status, code));
      const bucket = open(context, { endpoint }).bucket('images');
      await assert.rejects(bucket.get('a'), expected);
      await assert.rejects(bucket.put('a', Buffer.from('x'), jpeg), expected);
      await assert.rejects(Array.fromAsync(bucket.list('')), expected);
      await assert.rejects(bucket.delete('a'), expected);
    });

  it('name the missing bucket in the detail', async (context) => {
    await assert.rejects(
      open(context).bucket('no-such-bucket').get('a'),
      (error: Error & { detail?: string }) => {
        assert.match(error.detail ?? '', /NoSuchBucket/);
        return true;
      },
    );
  });

  it('are unreachable when nobody listens', async (context) => {
    const endpoint = 'http://127.0.0.1:1';
    await assert.rejects(open(context, { endpoint }).bucket('images').get('a'), {
      code: 'STORAGE_UNREACHABLE',
    });
  });

  it('time out where no answer comes, and where one stops coming', async (context) => {
    const silent = await answering(context, () => {});
    await assert.rejects(open(context, { endpoint: silent, timeoutSeconds: 1 }).bucket('images').get('a'), {
      code: 'STORAGE_TIMEOUT',
    });
    const stuck = await answering(context, (_, response) => {
      response.writeHead(200, { 'content-length': '10', 'last-modified': new Date(0).toUTCString() });
      response.write('half');
    });
    const found = await open(context, { endpoint: stuck, timeoutSeconds: 1 }).bucket('images').get('a');
    await assert.rejects(Array.fromAsync(found!.body), { code: /^STORAGE_(TIMEOUT|UNREACHABLE)$/ });
  });

  it('do not have readers wait for several tries that each take as long as one may', async (context) => {
    const tries: string[] = [];
    const endpoint = await answering(context, ({ method = '' }) => tries.push(method));
    const bucket = open(context, { endpoint, timeoutSeconds: 1, maxAttempts: 5 }).bucket('images');
    await assert.rejects(bucket.get('a'), { code: 'STORAGE_TIMEOUT' });
    await assert.rejects(bucket.head('a'), { code: 'STORAGE_TIMEOUT' });
    assert.ok(tries.length <= 4, tries.join());
  });

  it('do not take a part of an object for the whole', async (context) => {
    const endpoint = await answering(context, (_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    });
    const found = await open(context, { endpoint }).bucket('images').get('a');
    await assert.rejects(Array.fromAsync(found!.body), { code: /^STORAGE_(FAILED|UNREACHABLE)$/ });
  });

  it('try again what failed once', async (context) => {
    let tries = 0;
    const endpoint = await answering(context, (request, response) => {
      tries += 1;
      if (tries < 3) xml(503, 'SlowDown')(request, response);
      else response.end();
    });
    await open(context, { endpoint, maxAttempts: 5 }).bucket('images').put('a', Buffer.from('x'), jpeg);
    assert.equal(tries, 3);
  });

  it('take the part out of an answer that is more than was asked for', async (context) => {
    const endpoint = await answering(context, (_, response) => response.end('0123456789'));
    const found = await open(context, { endpoint })
      .bucket('images')
      .get('a', { part: { first: 2, last: 5 } });
    assert.equal(Buffer.concat(await Array.fromAsync(found!.body)).toString(), '2345');
  });
});
