/** Webhooks of the running program: what is told, signed so that others can check it, and not lost whatever happens. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireComponent } from '../support/component.ts';
import { keepingPictor, post } from '../support/keeping-pictor.ts';
import { drawing, metric, until } from '../support/live-pictor.ts';
import { freePort } from '../support/pictor-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Received, startReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const openssl = requireComponent('openssl');
const jpeg = { 'content-type': 'image/jpeg' };
const mount = { mount: 'image-server' };

interface Told {
  readonly event: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const toldIn = ({ body }: Received): Told => JSON.parse(body) as Told;
const namesOf = (receiver: WebhookReceiver) => receiver.received.map((each) => toldIn(each).event).toSorted();

async function receiverFor(t: TestContext, port = 0): Promise<WebhookReceiver> {
  const receiver = await startReceiver(port);
  t.after(() => receiver.close());
  return receiver;
}

/** The server with a webhook, its outbox in a folder that outlives it. */
async function tellingPictor(t: TestContext, webhook: object, given: { readonly home?: string } = {}) {
  const home = given.home ?? (await temporaryFolder(t));
  const { pictor } = await keepingPictor(t, {
    dialect: 'image-server',
    home,
    settings: {
      storage: { root: path.join(home, 'kept'), publicUrl: 'https://cdn.example.com/i', path: 'images/' },
      webhook,
    },
    env: { PICTOR_WEBHOOKS_DIR: path.join(home, 'webhooks'), PICTOR_LOG_LEVEL: 'debug' },
  });
  return pictor;
}

const picture = (colour: string) => drawing({ width: 60, height: 40, colour });

test('an upload with outputs: the original, each variant, and that all are there', async (t) => {
  const receiver = await receiverFor(t);
  const pictor = await tellingPictor(t, { url: receiver.url });
  const body = await picture('teal');
  const answer = await post(pictor.port, '/products?outputs=x30.jpg,w20.webp', { body, headers: jpeg });
  assert.equal(answer.status, 200, answer.text);
  const { hash } = JSON.parse(answer.text) as { hash: string };
  await receiver.until(4);
  assert.deepEqual(namesOf(receiver), [
    'image.batch_complete',
    'image.processed',
    'image.processed',
    'image.uploaded',
  ]);
  const told = receiver.received.map(toldIn);
  const dataOf = (event: string) => told.filter((each) => each.event === event).map(({ data }) => data);
  const folder = `products/${hash.slice(0, 3)}/${hash.slice(3, 6)}/${hash.slice(6, 9)}/${hash.slice(9)}`;
  const remote = (file: string) => `https://cdn.example.com/i/images/${folder}/${file}`;
  const common = { namespace: 'products', hash };
  assert.deepEqual(dataOf('image.uploaded'), [
    { ...common, width: 60, height: 40, content_type: 'image/png', remote_url: remote('original') },
  ]);
  const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
  const made = { ...common, quality: 75 };
  assert.deepEqual(
    new Set(dataOf('image.processed').map((data) => JSON.stringify(Object.entries(data).toSorted(byName)))),
    new Set(
      [
        { ...made, filename: 'x30.jpg', format: 'jpg', width: 30, height: 30, remote_url: remote('x30.jpg') },
        {
          ...made,
          filename: 'w20.webp',
          format: 'webp',
          width: 20,
          height: 13,
          remote_url: remote('w20.webp'),
        },
      ].map((data) => JSON.stringify(Object.entries(data).toSorted(byName))),
    ),
  );
  assert.deepEqual(dataOf('image.batch_complete'), [common]);
  for (const { timestamp } of told) assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  for (const { headers } of receiver.received) {
    assert.equal(headers['user-agent'], 'image-server-webhook/1.0');
    assert.equal(headers['x-webhook-signature'], undefined);
    assert.equal(headers['x-webhook-timestamp'], undefined);
  }

  await t.test('what lies ready is not told again, but that all are there is', async () => {
    const again = await post(pictor.port, `/${folder}/process?outputs=x30.jpg`, { body: Buffer.alloc(0) });
    assert.equal(again.status, 200);
    await receiver.until(5);
    assert.equal(toldIn(receiver.received[4]!).event, 'image.batch_complete');
  });
});

test('an upload without outputs is told as complete too, and only what was asked for is told', async (t) => {
  const [all, some] = [await receiverFor(t), await receiverFor(t)];
  const everything = await tellingPictor(t, { url: all.url });
  const uploads = await tellingPictor(t, { url: some.url, events: ['uploaded'] });
  const body = await picture('navy');
  await post(everything.port, '/products', { body, headers: jpeg });
  await post(uploads.port, '/products?outputs=x30.jpg', { body, headers: jpeg });
  await all.until(2);
  await some.until(1);
  assert.deepEqual(namesOf(all), ['image.batch_complete', 'image.uploaded']);
  await until(
    'it is counted',
    async () => (await metric(uploads, 'pictor_webhook_events_total', mount)) === 1,
  );
  assert.deepEqual(namesOf(some), ['image.uploaded']);
  assert.equal(await metric(uploads, 'pictor_webhooks_waiting', mount), 0);
});

test('signatures are what somebody else makes of secret, time and body', {
  skip: openssl.skip,
}, async (t) => {
  const secret = 'between us, 100 %';
  const receiver = await receiverFor(t);
  receiver.script(500);
  const pictor = await tellingPictor(t, { url: receiver.url, secret });
  await post(pictor.port, '/products', { body: await picture('plum'), headers: jpeg });
  await receiver.until(3);
  for (const { headers, body } of receiver.received) {
    const timestamp = String(headers['x-webhook-timestamp']);
    const { stdout } = spawnSync(openssl.path, ['dgst', '-sha256', '-hmac', secret, '-r'], {
      input: `${timestamp}.${body}`,
      encoding: 'utf8',
    });
    assert.equal(headers['x-webhook-signature'], `sha256=${stdout.split(' ')[0]}`);
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 120);
  }
});

test('a receiver that fails twice gets it the third time; one that always fails is told of it three times', async (t) => {
  const [recovering, failing] = [await receiverFor(t), await receiverFor(t)];
  recovering.script(500, 500);
  failing.script(...Array.from({ length: 100 }, () => 500));
  const events = ['uploaded'];
  const [first, second] = await Promise.all([
    tellingPictor(t, { url: recovering.url, events }),
    tellingPictor(t, { url: failing.url, events }),
  ]);
  const body = await picture('olive');
  const answers = await Promise.all(
    [first, second].map(({ port }) => post(port, '/products', { body, headers: jpeg })),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  );
  await recovering.until(3);
  await until(
    'it was given up',
    async () => (await metric(second, 'pictor_webhook_events_total', { ...mount, what: 'failed' })) === 1,
  );
  await sleep(500);
  assert.equal(failing.received.length, 3);
  assert.equal(recovering.received.length, 3);
  for (const { received } of [recovering, failing]) {
    const [one, two, three] = received.map(({ at }) => at) as [number, number, number];
    assert.ok(two - one >= 900 && three - two >= 3900, 'waits of 1 s and 4 s');
    assert.equal(new Set(received.map(({ body: each }) => each)).size, 1);
  }
  await until('the log tells of it', () => second.output().includes('"webhook failed"'));
  assert.match(
    second.output(),
    /"level":"error".*"event":"image.uploaded","attempts":3,"detail":"status 500"/,
  );
});

test('a kill between event and delivery loses nothing, and repeats nothing', async (t) => {
  const port = await freePort();
  const home = await temporaryFolder(t);
  const webhook = { url: `http://127.0.0.1:${port}/hook`, events: ['uploaded'] };
  const hashes: string[] = [];
  for (const colour of ['red', 'green', 'blue']) {
    const pictor = await tellingPictor(t, webhook, { home });
    const bodies = await Promise.all([`dark${colour}`, colour].map(picture));
    const answers = await Promise.all(
      bodies.map((body) => post(pictor.port, '/products', { body, headers: jpeg })),
    );
    hashes.push(...answers.map(({ text }) => (JSON.parse(text) as { hash: string }).hash));
    await pictor.kill();
  }
  const receiver = await receiverFor(t, port);
  const pictor = await tellingPictor(t, webhook, { home });
  await receiver.until(6);
  await until('nothing waits', async () => (await metric(pictor, 'pictor_webhooks_waiting', mount)) === 0);
  const told = receiver.received.map((each) => toldIn(each).data['hash']);
  assert.deepEqual(new Set(told), new Set(hashes));
  assert.equal(told.length, hashes.length);
  assert.equal(new Set(receiver.received.map(({ headers }) => headers['x-webhook-id'])).size, 6);
});

test('the command of image-server counts by StatsD, and answers as that server did', async (t) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => socket.close());
  await once(socket, 'listening');
  const datagrams: string[] = [];
  socket.on('message', (message) => datagrams.push(message.toString()));
  const { pictor } = await keepingPictor(t, {
    dialect: 'image-server',
    env: {
      PICTOR_STATSD_ENABLED: 'true',
      PICTOR_STATSD_PORT: String(socket.address().port),
      PICTOR_ADMIN_PROBES: 'image-server',
    },
  });
  await post(pictor.port, '/products', { body: await picture('gold'), headers: jpeg });
  const counted = ['new_image.request_count', 'upload.original_count'];
  await until('both are counted', () =>
    counted.every((name) => datagrams.includes(`image_server.${name}:1|c`)),
  );
  assert.equal(await metric(pictor, 'image_server_new_image_request_total'), 1);
  const ready = await fetch(`http://127.0.0.1:${pictor.adminPort}/probe/ready`);
  assert.deepEqual([ready.status, await ready.text()], [200, '{\n  "message": "OK"\n}\n']);
});
