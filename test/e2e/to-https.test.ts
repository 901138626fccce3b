/** Two listeners beside each other: one with TLS, one without. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PictorEvent } from '../../src/core/events.ts';
import { createListeners } from '../../src/http/listeners.ts';
import { serverSettings } from '../../src/http/settings.ts';
import { selfSigned } from '../support/self-signed.ts';
import { rawClient } from '../support/sockets.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Running {
  readonly httpsPort: number;
  readonly httpPort: number;
  readonly ca: string;
  readonly events: readonly PictorEvent[];
}

async function start(context: TestContext, plain: object = {}): Promise<Running> {
  const folder = await temporaryFolder(context);
  const { cert, key } = selfSigned();
  const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  const events: PictorEvent[] = [];
  const listeners = createListeners({
    settings: serverSettings.parse({
      bind: '127.0.0.1:0',
      tls: { certFile, keyFile },
      plain: { bind: '127.0.0.1:0', ...plain },
    }),
    handler: (_, response) => {
      response.writeHead(200, ['Content-Type', 'text/plain']);
      response.end('picture');
    },
    clientOf: () => '127.0.0.1',
    emit: (event) => events.push(event),
  });
  context.after(() => listeners.close(0));
  const { main, plain: second } = await listeners.listen();
  return { httpsPort: main.port!, httpPort: second!.port!, ca: cert, events };
}

interface Answer {
  readonly status: number | undefined;
  readonly location: string | undefined;
  readonly body: string;
}

function ask(
  make: typeof requestHttp,
  options: RequestOptions & { readonly servername?: string; readonly ca?: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = make({ host: '127.0.0.1', agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode, location: response.headers.location, body }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

const plainly = ({ httpPort: port }: Running, target: string, more: RequestOptions = {}) =>
  ask(requestHttp, { port, path: target, ...more });

const securely = ({ httpsPort: port, ca }: Running, target: string) =>
  ask(requestHttps, { port, path: target, ca, servername: 'localhost' });

test('the plain listener sends everybody to the other one', async (t) => {
  const running = await start(t);
  assert.equal((await securely(running, '/h/a.jpg')).body, 'picture');
  const answer = await plainly(running, '/h/a.jpg?w=300&h=2', { headers: { Host: 'example.com:8080' } });
  assert.equal(answer.status, 301);
  assert.equal(answer.location, `https://example.com:${running.httpsPort}/h/a.jpg?w=300&h=2`);
  const told = running.events.filter((event) => event.type === 'request');
  assert.deepEqual(
    told.map(({ status, target }) => [status, target]),
    [[301, '/h/a.jpg?…']],
  );
});

test('the port that clients know, which need not be ours; that of https is not named', async (t) => {
  const running = await start(t, { httpsPort: 443 });
  const location = async (Host: string, target = '/a?b', method = 'GET') =>
    (await plainly(running, target, { headers: { Host }, method })).location;
  assert.equal(await location('example.com:8080'), 'https://example.com/a?b');
  assert.equal(await location('example.com'), 'https://example.com/a?b');
  assert.equal(await location('[::1]:8080'), 'https://[::1]/a?b');
  assert.equal(await location('example.com', '/a?b', 'POST'), 'https://example.com/a?b');
  assert.equal(await location('example.com', '//evil.example/x'), 'https://example.com//evil.example/x');
  assert.equal(await location('other.example', 'http://example.com:80/x?y'), 'https://example.com/x?y');
  assert.equal(await location('other.example', 'http://example.com?y'), 'https://example.com/?y');
});

test('where nobody says which host is meant, there is nowhere to go', async (t) => {
  const running = await start(t);
  const client = await rawClient(running.httpPort);
  client.say('GET /a HTTP/1.0\r\n\r\n');
  assert.match(await client.closed(), /^HTTP\/1\.1 400 /);
});

test('without redirects pictures are given on both', async (t) => {
  const running = await start(t, { redirect: false });
  assert.equal((await plainly(running, '/h/a.jpg')).body, 'picture');
  assert.equal((await securely(running, '/h/a.jpg')).body, 'picture');
});

test('beside a plain listener a second one is a mistake', () => {
  const result = serverSettings.safeParse({ plain: { bind: ':8081' } });
  assert.deepEqual(result.error?.issues[0]?.path, ['plain', 'bind']);
});
