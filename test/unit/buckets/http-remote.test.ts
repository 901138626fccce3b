import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createHttpRemote } from '../../../src/buckets/mirrored/http-remote.ts';
import { PictorError } from '../../../src/core/errors.ts';

async function remoteOf(context: TestContext, listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const remote = createHttpRemote(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`);
  context.after(async () => {
    server.closeAllConnections();
    await remote.close();
    server.close();
  });
  return remote;
}

describe('remote behind a URL', () => {
  it('asks for the key below the URL, escaped, and for the bytes as they are', async (context) => {
    const asked: unknown[] = [];
    const remote = await remoteOf(context, ({ method, url, headers }, response) => {
      asked.push([method, url, headers['accept-encoding']]);
      response.writeHead(200, {
        'content-type': 'image/png',
        'last-modified': 'Thu, 01 Jan 1970 00:00:01 GMT',
        etag: '"tag"',
        'content-length': '5',
      });
      response.end('bytes');
    });
    const { body, ...facts } = (await remote.get('ns/a b/é+%2F#?.png'))!;
    assert.equal(Buffer.concat(await Array.fromAsync(body)).toString(), 'bytes');
    assert.deepEqual(facts, { size: 5, contentType: 'image/png', modified: 1000, etag: 'tag' });
    assert.deepEqual(await remote.head('k'), facts);
    assert.deepEqual(asked, [
      ['GET', '/base/ns/a%20b/%C3%A9%2B%252F%23%3F.png', 'identity'],
      ['HEAD', '/base/k', 'identity'],
    ]);
  });

  for (const status of [403, 404, 410])
    it(`takes ${status} for missing`, async (context) => {
      const remote = await remoteOf(context, (_, response) => response.writeHead(status).end('no'));
      assert.equal(await remote.get('k'), null);
      assert.equal(await remote.head('k'), null);
    });

  it('fails with a status that is no answer', async (context) => {
    const remote = await remoteOf(context, (_, response) => response.writeHead(500).end());
    await assert.rejects(remote.get('k'), { code: 'STORAGE_FAILED', upstreamStatus: 500 });
  });

  it('is unreachable when the answer breaks off, or nobody listens', async (context) => {
    const remote = await remoteOf(context, (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('some');
      setTimeout(() => response.destroy(), 20);
    });
    const found = await remote.get('k');
    await assert.rejects(Array.fromAsync(found!.body), { code: 'STORAGE_UNREACHABLE' });
    const nobody = createHttpRemote('http://127.0.0.1:1');
    context.after(() => nobody.close());
    await assert.rejects(nobody.head('k'), { code: 'STORAGE_UNREACHABLE' });
  });

  it('lets go when whoever asked has left', async (context) => {
    const leaving = new AbortController();
    const remote = await remoteOf(context, () => leaving.abort(new PictorError('CANCELLED')));
    await assert.rejects(remote.get('k', { signal: leaving.signal }), { code: 'CANCELLED' });
  });
});
