import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { ConfigError, createImageServer, PictorError } from '../../../src/index.ts';
import { repositoryRoot } from '../../support/repository.ts';

const quiet = {
  server: { bind: '127.0.0.1:0' },
  admin: { bind: '' },
  cache: { dir: '' },
  log: { level: 'silent' as const },
  engine: { workers: 1 },
  sources: { file: { root: path.join(repositoryRoot, 'samples') } },
  mounts: [{ dialect: 'imgproxy' as const, prefix: '/i' }],
};

const target = '/i/unsafe/rs:fit:40:40/plain/local:///dawn.jpg@png';

describe('createImageServer', () => {
  it('listens, answers and closes', async () => {
    const server = await createImageServer(quiet);
    const { server: address, admin } = await server.listen();
    assert.equal(admin, null);
    const reply = await fetch(`http://${address}${target}`);
    assert.deepEqual([reply.status, reply.headers.get('content-type')], [200, 'image/png']);
    await reply.bytes();
    await server.close();
    await assert.rejects(fetch(`http://${address}/`));
  });

  it('answers for a server of someone else', async () => {
    const pictor = await createImageServer(quiet);
    const own = createServer((request, response) => {
      if (request.url === '/own') response.end('mine');
      else void pictor.handle(request, response);
    });
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
    assert.equal(await (await fetch(`${base}/own`)).text(), 'mine');
    assert.equal((await fetch(base + target)).headers.get('content-type'), 'image/png');
    own.closeAllConnections();
    await new Promise((resolve) => own.close(resolve));
    await pictor.close();
  });

  it('does not listen any more once it was closed', async () => {
    const server = await createImageServer(quiet);
    await server.close();
    await assert.rejects(
      server.listen(),
      (error) => error instanceof PictorError && error.code === 'SHUTTING_DOWN',
    );
  });

  it('names every problem of its settings', async () => {
    const wrong = { ...quiet, cache: { memory: 'lots' }, engine: { workers: -1 } };
    await assert.rejects(createImageServer(wrong), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.problems.map(({ where }) => where),
        ['cache.memory', 'engine.workers'],
      );
      return true;
    });
  });
});
