/** Uploads to the running program: what is taken, what is refused while it arrives, and that nothing stays behind. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { keepingPictor, post } from '../support/keeping-pictor.ts';
import { drawing, requestLines, shapeOf, until } from '../support/live-pictor.ts';
import { rawClient } from '../support/sockets.ts';

const megabyte = 1024 * 1024;
const vip = { dialect: 'vip', settings: { token: 'secret' } } as const;
const token = { 'x-vip-token': 'secret' };

/** Path of the picture in the URL an upload was answered with. */
function pathIn(text: string): string {
  const { url } = JSON.parse(text) as { url: string };
  return new URL(url).pathname;
}

test('what is uploaded is kept, shown, and made smaller', async (t) => {
  const { pictor, kept, onTheWay, home } = await keepingPictor(t, vip);
  const picture = await drawing({ width: 300, height: 200, colour: 'teal' });
  const answer = await post(pictor.port, '/upload/pics', {
    body: picture,
    headers: { ...token, 'content-type': 'image/png' },
  });
  assert.equal(answer.status, 201, answer.text);
  const place = pathIn(answer.text);
  assert.match(place, /^\/pics\/[0-9a-f]{32}-300x200$/);
  assert.deepEqual(await readFile(path.join(home, 'kept', place)), picture);
  assert.deepEqual(await onTheWay(), []);

  await t.test('the original, whole and in parts', async () => {
    const whole = await pictor.get(place);
    assert.deepEqual(whole.body, picture);
    assert.equal(whole.headers['content-type'], 'image/png');
    const part = await pictor.get(place, { Range: 'bytes=10-19' });
    assert.equal(part.status, 206);
    assert.equal(part.headers['content-range'], `bytes 10-19/${picture.length}`);
    assert.deepEqual(part.body, picture.subarray(10, 20));
    const outside = await pictor.get(place, { Range: `bytes=${picture.length}-` });
    assert.equal(outside.status, 416);
    assert.equal(outside.headers['content-range'], `bytes */${picture.length}`);
    assert.equal(outside.headers['cache-control'], 'no-store');
    const head = await pictor.send('HEAD', place);
    assert.equal(head.headers['content-length'], String(picture.length));
    assert.equal(head.body.length, 0);
  });

  await t.test('a variant, which is then in the bucket too', async () => {
    const small = await pictor.get(`${place}?s=30`);
    assert.equal(await shapeOf(small), 'jpeg 30x20');
    await until('it is kept', async () => (await kept()).length === 2);
    assert.deepEqual((await pictor.get(`${place}?s=30`)).body, small.body);
    const part = await pictor.get(`${place}?s=30`, { Range: 'bytes=-5' });
    assert.deepEqual(part.body, small.body.subarray(-5));
  });

  await t.test('what is not there', async () => {
    assert.equal((await pictor.get('/pics/nothing')).status, 404);
    assert.equal((await pictor.get('/pics/nothing?s=30')).status, 404);
  });
});

test('one event per request, with its mount and the reason of a refusal', async (t) => {
  const { pictor } = await keepingPictor(t, vip);
  await post(pictor.port, '/upload/pics', { body: Buffer.from('no picture'), headers: token });
  await post(pictor.port, '/upload/pics', { body: Buffer.from('x') });
  await until('both are in the log', () => requestLines(pictor).length === 2);
  const told = requestLines(pictor).map(({ status, error }) => ({ status, error }));
  assert.deepEqual(told, [
    { status: 400, error: 'UPLOAD_REFUSED' },
    { status: 401, error: 'TOKEN_INVALID' },
  ]);
});

test('a body that is longer than allowed is refused while it arrives, and the client gets to read that', async (t) => {
  const { pictor, kept, onTheWay } = await keepingPictor(t, {
    ...vip,
    settings: { ...vip.settings, maxUploadMegabytes: 1 },
  });
  const chunk = 'x'.repeat(64 * 1024);
  const begin = (more: string) =>
    `POST /upload/pics HTTP/1.1\r\nHost: a\r\nX-Vip-Token: secret\r\nContent-Type: image/png\r\n${more}\r\n\r\n`;

  await t.test('without a length', async () => {
    const client = await rawClient(pictor.port);
    client.say(begin('Transfer-Encoding: chunked'));
    // More than fits, and more than the buffers on the way hold: the server must go on reading after its answer.
    for (let sent = 0; sent < 12; sent += 1) client.say(`10000\r\n${chunk}\r\n`.repeat(16));
    const answer = await client.until(/\{"error":"The file size limit is 1MB"\}/);
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.match(answer, /\r\nConnection: close\r\n/);
    client.socket.destroy();
  });

  await t.test('by its length, before a byte of it was read', async () => {
    const client = await rawClient(pictor.port);
    client.say(begin(`Content-Length: ${50 * megabyte}`));
    await client.until(/^HTTP\/1\.1 413 /);
    client.socket.destroy();
  });

  await t.test('as a form', async () => {
    const [head, tail] = formAround('image/png');
    const body = Buffer.concat([Buffer.from(head), randomBytes(megabyte + 1), Buffer.from(tail)]);
    const headers = { ...token, 'content-type': formType };
    assert.equal((await post(pictor.port, '/upload/pics', { body, headers })).status, 413);
  });

  await until('nothing is left', async () => (await onTheWay()).length === 0);
  assert.deepEqual(await kept(), []);
});

const formType = 'multipart/form-data; boundary=edge';
const formAround = (type: string): [string, string] => [
  `--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\na title\r\n--edge\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: ${type}\r\n\r\n`,
  '\r\n--edge--\r\n',
];

test('the one file of a form is taken; forms with none or with two are refused', async (t) => {
  const { pictor, home, kept, onTheWay } = await keepingPictor(t, vip);
  const picture = await drawing({ width: 30, height: 20, colour: 'olive' });
  const [head, tail] = formAround('image/png');
  const send = (...parts: (string | Buffer)[]) =>
    post(pictor.port, '/upload/pics', {
      body: Buffer.concat(parts.map((part) => Buffer.from(part))),
      headers: { ...token, 'content-type': formType },
    });
  const answer = await send(head, picture, tail);
  assert.equal(answer.status, 201, answer.text);
  assert.deepEqual(await readFile(path.join(home, 'kept', pathIn(answer.text))), picture);

  const second = head.slice(head.lastIndexOf('--edge'));
  const refused = [
    await send('--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\na title\r\n--edge--\r\n'),
    await send(head, picture, `\r\n${second}`, picture, tail),
    await send(head, picture),
    await send('what is this'),
  ];
  assert.deepEqual(
    refused.map(({ status }) => status),
    [400, 400, 400, 400],
    refused.map(({ text }) => text).join('\n'),
  );
  assert.equal((await kept()).length, 1);
  assert.deepEqual(await onTheWay(), []);
  assert.equal((await send(head, picture, tail)).status, 201, 'the server is still there');
});

test('Expect: 100-continue is answered once the client may send', async (t) => {
  const { pictor } = await keepingPictor(t, vip);
  const picture = await drawing({ width: 30, height: 20, colour: 'olive' });
  const head = (more: string) =>
    `POST /upload/pics HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: ${picture.length}\r\nExpect: 100-continue\r\n${more}\r\n`;
  const stranger = await rawClient(pictor.port);
  stranger.say(head(''));
  assert.match(await stranger.until(/\r\n\r\n/), /^HTTP\/1\.1 401 /);
  stranger.socket.destroy();

  const known = await rawClient(pictor.port);
  known.say(head('X-Vip-Token: secret\r\nConnection: close\r\n'));
  assert.equal(await known.until(/\r\n\r\n/), 'HTTP/1.1 100 Continue\r\n\r\n');
  known.socket.write(picture);
  assert.match(await known.closed(), /HTTP\/1\.1 201 Created/);
});

const cutOff =
  'POST /upload/pics HTTP/1.1\r\nHost: a\r\nX-Vip-Token: secret\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\n';

test('an upload that breaks off leaves nothing', async (t) => {
  const { pictor, kept, onTheWay } = await keepingPictor(t, vip);
  const leaving = await rawClient(pictor.port);
  leaving.say(cutOff);
  leaving.socket.write(await drawing({ width: 300, height: 200, colour: 'navy' }));
  await until('it is on its way', async () => (await onTheWay()).length === 1);
  leaving.socket.destroy();
  await until('nothing is left of it', async () => (await onTheWay()).length === 0);
  assert.deepEqual(await kept(), []);
});

test('an upload that comes too slowly is cut off, and leaves nothing', async (t) => {
  const env = { PICTOR_SERVER_REQUEST_TIMEOUT_SECONDS: '1' };
  const { pictor, kept, onTheWay } = await keepingPictor(t, { ...vip, env });
  const slow = await rawClient(pictor.port);
  slow.say(cutOff);
  slow.socket.write(await drawing({ width: 300, height: 200, colour: 'navy' }));
  assert.match(await slow.closed(), /^HTTP\/1\.1 408 /);
  await until('nothing is left of it', async () => (await onTheWay()).length === 0);
  assert.deepEqual(await kept(), []);
});

test('image-server: the hash of what was received, info, outputs before the answer, and the same again', async (t) => {
  const { pictor, kept } = await keepingPictor(t, {
    dialect: 'image-server',
    settings: { extensions: ['jpg', 'webp', 'txt'] },
  });
  const picture = await drawing({ width: 400, height: 300, colour: 'maroon', format: 'jpeg' });
  const hash = createHash('md5').update(picture).digest('hex');
  const dir = `products/${hash.slice(0, 3)}/${hash.slice(3, 6)}/${hash.slice(6, 9)}/${hash.slice(9)}`;
  const upload = () => post(pictor.port, '/products?outputs=x100.jpg,w200.webp', { body: picture });
  const [answer, ...others] = await Promise.all([upload(), upload(), upload()]);
  assert.equal(answer?.status, 200, answer?.text);
  assert.deepEqual(JSON.parse(answer?.text ?? ''), {
    hash,
    height: 300,
    width: 400,
    content_type: 'image/jpeg',
  });
  for (const other of others) assert.equal(other.text, answer?.text);
  const files = ['info.json', 'original', 'w200.webp', 'x100.jpg'];
  assert.deepEqual(
    (await kept()).toSorted(),
    files.map((file) => `${dir}/${file}`),
  );
  assert.equal(await shapeOf(await pictor.get(`/${dir}/x100.jpg`)), 'jpeg 100x100');
  assert.equal(await shapeOf(await pictor.get(`/${dir}/w50.jpg`)), 'jpeg 50x38');
  const made = await post(pictor.port, `/${dir}/process?outputs=x10.jpg,x100.jpg`, { body: Buffer.alloc(0) });
  assert.equal(made.status, 200, made.text);
  assert.ok((await kept()).includes(`${dir}/x10.jpg`));
  const noted = await post(pictor.port, `/${dir}/notes.txt`, { body: Buffer.from('a note') });
  assert.equal(noted.text, '{}\n');
  const note = await pictor.get(`/${dir}/notes.txt`);
  assert.equal(note.body.toString(), 'a note', note.headers['content-type']);
  await post(pictor.port, `/${dir}/notes.txt`, { body: Buffer.from('another') });
  assert.equal((await pictor.get(`/${dir}/notes.txt`)).body.toString(), 'another');
});
