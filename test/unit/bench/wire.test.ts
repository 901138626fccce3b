import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createReader, createWire, type Incoming } from '../../../bench/clients/wire.ts';

const answers = [
  ['by its length', 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\na\r\n\r\nbc', 200],
  [
    'by its chunks',
    'HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789012345\r\n0\r\n\r\n',
    503,
  ],
  ['without a body', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', 304],
] as const;

for (const [how, text, status] of answers) {
  test(`an answer is whole ${how}, wherever it is cut`, () => {
    for (let cut = 1; cut < text.length; cut++) {
      const seen: Incoming[] = [];
      const read = createReader((incoming) => seen.push(incoming));
      for (let again = 0; again < 2; again++) {
        read(Buffer.from(text.slice(0, cut)));
        assert.equal(seen.length, again, `cut at ${cut}`);
        read(Buffer.from(text.slice(cut)));
      }
      assert.deepEqual(
        seen.map((each) => each.status),
        [status, status],
      );
    }
  });
}

async function serverOf(
  t: TestContext,
  listener: RequestListener,
): Promise<{ port: number; connections(): number }> {
  let connections = 0;
  const server = createServer(listener).on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

test('requests share the connections there may be, and each gets its own answer', async (t) => {
  const { port, connections } = await serverOf(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1)), { 'Retry-After': '1' }).end('text');
  });
  const wire = createWire(port, 2);
  t.after(() => wire.close());
  const statuses = [200, 503, 404, 201, 429];
  const seen = await Promise.all(statuses.map((status) => wire.send({ method: 'GET', path: `/${status}` })));
  assert.deepEqual(
    seen,
    statuses.map((status) => ({ status, retryAfter: true })),
  );
  assert.equal(connections(), 2);
});

test('a body arrives as it is', async (t) => {
  const { port } = await serverOf(t, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isRight = request.headers['content-type'] === 'image/jpeg' && Buffer.concat(chunks).equals(bytes);
      response.writeHead(isRight ? 201 : 400).end();
    });
  });
  const bytes = Buffer.alloc(300_000, 7);
  const wire = createWire(port, 1);
  t.after(() => wire.close());
  const body = { type: 'image/jpeg', bytes };
  assert.equal((await wire.send({ method: 'POST', path: '/', body })).status, 201);
});

test('a connection that breaks is told as such, and those that wait go on', async (t) => {
  const { port } = await serverOf(t, (request, response) => {
    if (request.url === '/break') request.socket.destroy();
    else response.end('text');
  });
  const wire = createWire(port, 1);
  t.after(() => wire.close());
  const seen = await Promise.all(['/break', '/a'].map((path) => wire.send({ method: 'GET', path })));
  assert.deepEqual(
    seen.map(({ status }) => status),
    [0, 200],
  );
});
