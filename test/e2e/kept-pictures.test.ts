/** Kept pictures under load and under fire: made once for all who ask, over either protocol, and never lost. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import path from 'node:path';
import { test } from 'node:test';
import { keepingPictor, post } from '../support/keeping-pictor.ts';
import {
  canListProcesses,
  drawing,
  isAlive,
  metric,
  shapeOf,
  until,
  workersOf,
} from '../support/live-pictor.ts';
import { selfSigned } from '../support/self-signed.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const vip = { dialect: 'vip' } as const;

const pathIn = (text: string): string => new URL((JSON.parse(text) as { url: string }).url).pathname;

async function uploaded(port: number, picture: Buffer): Promise<string> {
  const answer = await post(port, '/upload/pics', {
    body: picture,
    headers: { 'content-type': 'image/png' },
  });
  assert.equal(answer.status, 201, answer.text);
  return pathIn(answer.text);
}

test('1,000 who ask at once for a variant that is not there: one transform, one object, the same bytes for all', async (t) => {
  const { pictor, kept } = await keepingPictor(t, vip);
  const place = await uploaded(pictor.port, await drawing({ width: 640, height: 480, colour: 'plum' }));
  const before = await metric(pictor, 'pictor_transforms_total');
  const replies = await Promise.all(Array.from({ length: 1000 }, () => pictor.get(`${place}?s=64`)));
  assert.equal(await shapeOf(replies[0]!), 'jpeg 64x48');
  for (const reply of replies) {
    assert.equal(reply.status, 200);
    assert.ok(reply.body.equals(replies[0]!.body));
  }
  assert.equal((await metric(pictor, 'pictor_transforms_total')) - before, 1);
  await until('it is kept', async () => (await kept()).length === 2);
});

test('what lies in the bucket is shown as it is, whoever put it there, and no page is shown as one', async (t) => {
  const { pictor, home } = await keepingPictor(t, vip);
  const place = await uploaded(pictor.port, await drawing({ width: 64, height: 48, colour: 'plum' }));
  const page = '<!DOCTYPE html><script>alert(1)</script>';
  await writeFile(path.join(home, 'kept', 'pics', 'page'), page);
  const shown = await pictor.get('/pics/page');
  assert.equal(shown.body.toString(), page);
  assert.equal(shown.headers['content-type'], 'application/octet-stream');
  assert.equal(shown.headers['x-content-type-options'], 'nosniff');

  await t.test('larger than what is held in memory, whole and in parts', async () => {
    const large = Buffer.alloc(9 * 1024 * 1024, await drawing({ width: 64, height: 48, colour: 'plum' }));
    await writeFile(path.join(home, 'kept', 'pics', 'large'), large);
    const whole = await pictor.get('/pics/large');
    assert.equal(whole.headers['content-type'], 'image/png');
    assert.equal(whole.headers['content-length'], String(large.length));
    assert.ok(whole.body.equals(large));
    const part = await pictor.get('/pics/large', { Range: `bytes=${large.length - 100}-` });
    assert.equal(part.status, 206);
    assert.ok(part.body.equals(large.subarray(-100)));
    const head = await pictor.send('HEAD', '/pics/large');
    assert.equal(head.headers['content-length'], String(large.length));
    assert.equal(head.body.length, 0);
  });

  await t.test('a date of any kind is taken for the picture', async () => {
    const held = await pictor.get(place, { 'If-Modified-Since': 'some day' });
    assert.equal(held.status, 304);
    assert.equal(held.body.length, 0);
  });
});

test('a picture that was shown a moment ago is shown again in every way one can ask for it', async (t) => {
  const { pictor, home } = await keepingPictor(t, vip);
  const file = path.join(home, 'kept', 'pics', 'hot');
  const place = await uploaded(pictor.port, await drawing({ width: 64, height: 48, colour: 'plum' }));
  await writeFile(file, await drawing({ width: 32, height: 24, colour: 'teal' }));
  for (const target of [`${place}?s=32`, '/pics/hot', '/pics/hot?s=0', '//pics/hot'])
    await pictor.get(target);
  const first = await pictor.get('/pics/hot');
  const hot = await pictor.get('/pics/hot');
  assert.deepEqual(
    { ...hot.headers, 'x-request-id': '', date: '' },
    { ...first.headers, 'x-request-id': '', date: '' },
  );
  assert.notEqual(hot.headers['x-request-id'], first.headers['x-request-id']);
  assert.ok(hot.body.equals(first.body));
  const head = await pictor.send('HEAD', '/pics/hot');
  assert.equal(head.headers['content-length'], String(hot.body.length));
  assert.equal(head.body.length, 0);
  const part = await pictor.get('/pics/hot', { Range: 'bytes=0-9' });
  assert.equal(part.status, 206);
  assert.ok(part.body.equals(hot.body.subarray(0, 10)));
  assert.equal((await pictor.get('/pics/hot', { 'If-None-Match': hot.headers['etag']! })).status, 304);
  assert.equal((await pictor.get('/pics/hot', { 'If-Modified-Since': 'some day' })).status, 304);
  assert.equal((await pictor.send('POST', '/pics/hot')).status, 405);
  assert.equal((await pictor.get('//pics/hot')).status, 301);

  await t.test('and somebody else who puts another in its place has it seen', async () => {
    const other = await drawing({ width: 48, height: 24, colour: 'navy' });
    await writeFile(file, other);
    await until('the other one is shown', async () => (await pictor.get('/pics/hot')).body.equals(other));
  });
});

test('over HTTP/2: a body without a length is taken, one that is too long is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const { cert, key } = selfSigned();
  const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
  const { pictor, kept, onTheWay } = await keepingPictor(t, {
    ...vip,
    settings: { maxUploadMegabytes: 1 },
    env: { PICTOR_SERVER_TLS_CERT_FILE: certFile, PICTOR_SERVER_TLS_KEY_FILE: keyFile },
  });
  const session = connect(`https://127.0.0.1:${pictor.port}`, { rejectUnauthorized: false });
  t.after(() => session.destroy());

  async function ask(method: string, target: string, body: Buffer | null = null) {
    const stream = session.request(
      { ':method': method, ':path': target, ...(body === null ? {} : { 'content-type': 'image/png' }) },
      { endStream: body === null },
    );
    stream.on('error', () => {});
    if (body !== null) stream.end(body);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const closed = once(stream, 'close');
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    await closed;
    const bytes = Buffer.concat(chunks);
    return { status: Number(headers[':status']), headers, bytes, text: bytes.toString() };
  }
  const send = (body: Buffer) => ask('POST', '/upload/pics', body);

  const picture = await drawing({ width: 64, height: 48, colour: 'plum' });
  const taken = await send(picture);
  assert.equal(taken.status, 201, taken.text);
  assert.match(taken.text, /"https:\/\//);
  const shown = await ask('GET', pathIn(taken.text));
  assert.ok(shown.bytes.equals(picture));
  const head = await ask('HEAD', pathIn(taken.text));
  assert.equal(head.headers['content-length'], String(picture.length));
  assert.equal((await ask('POST', '/upload/pics', Buffer.alloc(0))).status, 400);
  // Their clients say only after the head that nothing follows.
  for (const [method, target, status] of [
    ['OPTIONS', '/upload/pics', 405],
    ['PUT', '/upload/pics', 405],
    ['DELETE', '/ping', 200],
    ['POST', '/pics/any', 405],
  ] as const)
    assert.equal((await ask(method, target, Buffer.alloc(0))).status, status, `${method} ${target}`);
  const refused = await send(Buffer.alloc(8 * 1024 * 1024));
  assert.equal(refused.status, 413, refused.text);
  assert.equal((await kept()).length, 1);
  await until('nothing is left', async () => (await onTheWay()).length === 0);
});

const pictures = 300;
const kills = 3;

test('kill -9 under a burst of uploads: what was answered is there, and nothing lies around', async (t) => {
  const home = await temporaryFolder(t);
  /** Path of every picture that was answered for, with its bytes. */
  const answered = new Map<string, Buffer>();
  for (let round = 0; round < kills; round += 1) {
    const { pictor } = await keepingPictor(t, { ...vip, home });
    const workers = canListProcesses ? workersOf(pictor) : [];
    let count = 0;
    const burst = Array.from({ length: pictures / kills }, async (_, index) => {
      const colour = `hsl(${index * 3}, ${40 + round * 20}%, 50%)`;
      const picture = await drawing({ width: 40 + index, height: 30 + round, colour });
      const answer = await post(pictor.port, '/upload/pics', {
        body: picture,
        headers: { 'content-type': 'image/png' },
      }).catch(() => null);
      if (answer === null || answer.status !== 201) return;
      answered.set(pathIn(answer.text), picture);
      count += 1;
    });
    await until('the burst is under way', () => count >= 20 + round * 15);
    await pictor.kill();
    await Promise.all(burst);
    await until('the workers of the dead server are gone', () => !workers.some(isAlive));
  }
  const { pictor, kept, onTheWay } = await keepingPictor(t, { ...vip, home });
  await until('leftovers are gone', async () => (await onTheWay()).length === 0);
  assert.ok(answered.size >= 60);
  for (const [place, picture] of answered) {
    assert.deepEqual(await readFile(path.join(home, 'kept', place)), picture, place);
    assert.deepEqual((await pictor.get(place)).body, picture, place);
  }
  // Those that were kept and not answered any more are whole too.
  for (const file of await kept()) assert.equal((await pictor.get(`/${file}`)).status, 200, file);
});
