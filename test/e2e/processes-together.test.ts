/** What else a server does, done by two processes: as one would do it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { request as requestHttps } from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import { entryOf } from '../support/imageproxy-folder.ts';
import { filesBelow, post } from '../support/keeping-pictor.ts';
import {
  allowing,
  drawing,
  liveOrigin,
  metric,
  nativeTarget,
  shapeOf,
  until,
} from '../support/live-pictor.ts';
import { answeredBy, manyProcesses } from '../support/many-processes.ts';
import { freePort } from '../support/pictor-process.ts';
import { selfSigned } from '../support/self-signed.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Received, startReceiver } from '../support/webhook-receiver.ts';

const processes = 2;

test('the folder of imageproxy is filled by both in its own layout, each file once', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'cache');
  const origin = await liveOrigin(t);
  const headers = { 'content-type': 'image/png', 'cache-control': 'max-age=3600' };
  const urls = await Promise.all(
    [0, 1, 2, 3, 4].map(async (index) => {
      const body = await drawing({ width: 80 + index, height: 60, colour: 'teal' });
      origin.route(`/${index}.png`, { headers, body, delayMs: 300 });
      return `${origin.url}/${index}.png`;
    }),
  );
  const start = () =>
    manyProcesses(t, { args: ['imageproxy', '-allowPrivateSources', '-cache', folder], processes });
  const askAll = async (pictor: Awaited<ReturnType<typeof start>>) => {
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) => pictor.get(`/40x/${urls[index % urls.length]!}`)),
    );
    for (const reply of replies) assert.match(await shapeOf(reply), /^png 40x\d+$/);
    return new Set(replies.map(answeredBy)).size;
  };

  const first = await start();
  assert.equal(await askAll(first), processes, 'both answered');
  for (const [index, url] of urls.entries()) {
    assert.equal(origin.count(`/${index}.png`), 1, url);
    for (const text of [url, `${url}#40x0`]) {
      const entry = await readFile(entryOf(folder, text), 'latin1');
      assert.match(entry, /^HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)*Content-Length: \d+\r\n/, text);
    }
  }
  assert.equal(await metric(first, 'pictor_transforms_total'), urls.length);
  assert.equal(await first.stop(), 0);

  const second = await start();
  assert.equal(await askAll(second), processes);
  assert.equal(origin.requests.length, urls.length, 'nothing was asked for again');
  assert.equal((await filesBelow(folder)).filter((name) => !name.startsWith('.')).length, 2 * urls.length);
});

test('webhooks are told once, also those that an earlier run could not tell', async (t) => {
  const home = await temporaryFolder(t);
  const port = await freePort();
  const mount = {
    dialect: 'image-server',
    settings: {
      storage: { root: path.join(home, 'kept') },
      webhook: { url: `http://127.0.0.1:${port}/hook` },
    },
  };
  const start = () =>
    manyProcesses(t, {
      args: ['serve'],
      processes,
      env: {
        PICTOR_MOUNTS: JSON.stringify([mount]),
        PICTOR_CACHE_DIR: path.join(home, 'cache'),
        PICTOR_WEBHOOKS_DIR: path.join(home, 'webhooks'),
      },
    });
  const upload = async (pictor: Awaited<ReturnType<typeof start>>, widths: readonly number[]) => {
    const replies = await Promise.all(
      widths.map(async (width) => {
        const body = await drawing({ width, height: 40, colour: 'teal' });
        return post(pictor.port, '/products?outputs=x20.png', {
          body,
          headers: { 'content-type': 'image/png' },
        });
      }),
    );
    for (const { status, text } of replies) assert.equal(status, 200, text);
    return new Set(replies.map(answeredBy)).size;
  };
  const widths = Array.from({ length: 48 }, (_, index) => 60 + index);

  const first = await start();
  assert.equal(await upload(first, widths.slice(0, 24)), processes, 'both took some');
  assert.equal(await first.stop(), 0);

  const receiver = await startReceiver(port);
  t.after(() => receiver.close());
  const second = await start();
  assert.equal(await upload(second, widths.slice(24)), processes);
  const events = ['image.uploaded', 'image.processed', 'image.batch_complete'];
  await receiver.until(events.length * widths.length);
  await until('nothing waits any more', async () => (await metric(second, 'pictor_webhooks_waiting')) === 0);
  assert.equal(await second.stop(), 0);

  const told = receiver.received.map(namesOf);
  assert.equal(new Set(told).size, told.length, 'none twice');
  assert.equal(told.length, events.length * widths.length);
});

/** What a webhook is about. */
function namesOf({ body }: Received): string {
  const { event, data } = JSON.parse(body) as { event: string; data: { hash: string } };
  return `${event} ${data.hash}`;
}

test('both speak TLS with the same certificate, HTTP/2 and HTTP/1.1', async (t) => {
  const folder = await temporaryFolder(t);
  const { cert: ca, key } = selfSigned();
  const files = { certFile: path.join(folder, 'cert.pem'), keyFile: path.join(folder, 'key.pem') };
  await Promise.all([writeFile(files.certFile, ca), writeFile(files.keyFile, key)]);
  const origin = await liveOrigin(t);
  origin.route('/a.png', {
    body: await drawing({ width: 90, height: 60, colour: 'olive' }),
    headers: { 'cache-control': 'max-age=3600' },
  });
  const { port } = await manyProcesses(t, {
    args: ['serve'],
    processes,
    env: {
      ...allowing(origin),
      PICTOR_SERVER_TLS_CERT_FILE: files.certFile,
      PICTOR_SERVER_TLS_KEY_FILE: files.keyFile,
    },
  });
  const place = { port, ca, target: nativeTarget(`${origin.url}/a.png`) };

  for (const [name, ask] of [
    ['HTTP/2', overHttp2],
    ['HTTP/1.1', overHttp1],
  ] as const) {
    const by = new Set<string>();
    await until(`both have answered by ${name}`, async () => {
      const headers = await ask(place);
      assert.equal(headers['content-type'], 'image/png', name);
      by.add(answeredBy({ headers }));
      return by.size === processes;
    });
  }
  assert.equal(origin.count('/a.png'), 1);
});

interface Encrypted {
  readonly port: number;
  readonly ca: string;
  readonly target: string;
}

/** One request on a connection of its own. */
async function overHttp2({ port, ca, target }: Encrypted): Promise<IncomingHttpHeaders> {
  const session = connectHttp2(`https://localhost:${port}`, {
    ca,
    host: '127.0.0.1',
    servername: 'localhost',
  });
  try {
    await once(session, 'connect');
    assert.equal(session.alpnProtocol, 'h2');
    const stream = session.request({ ':path': target });
    stream.resume();
    const [[headers]] = (await Promise.all([once(stream, 'response'), once(stream, 'end')])) as [
      [IncomingHttpHeaders],
      unknown,
    ];
    assert.equal(headers[':status'], 200);
    return headers;
  } finally {
    session.destroy();
  }
}

/** One request on a connection of its own. */
function overHttp1({ port, ca, target }: Encrypted): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    requestHttps(
      { host: '127.0.0.1', port, servername: 'localhost', ca, path: target, agent: false },
      (response) => {
        response.resume();
        response.on('end', () => {
          if (response.httpVersion === '1.1' && response.statusCode === 200) resolve(response.headers);
          else reject(new Error(`${response.httpVersion} ${response.statusCode}`));
        });
      },
    )
      .on('error', reject)
      .end();
  });
}
