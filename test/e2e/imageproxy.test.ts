/** The real `pictor imageproxy` on a real socket: what its users have in their scripts and pages. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { env, execPath } from 'node:process';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { metric, until } from '../support/live-pictor.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { type PictorProcess, type RawReply, startPictor } from '../support/pictor-process.ts';
import { repositoryRoot } from '../support/repository.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const fixture = (name: string) => readFileSync(path.join(import.meta.dirname, '../fixtures', name));
const text = ({ body }: RawReply) => body.toString();
const refusal = 'requested URL is not allowed\n';

let origin: Origin;

before(async () => {
  origin = await startOrigin();
  const type = (name: string) => ({ 'Content-Type': name, 'Cache-Control': 'max-age=100' });
  origin.route('/a.jpg', { headers: type('image/jpeg'), body: fixture('photo.jpg') });
  origin.route('/a.gif', { headers: type('image/gif'), body: fixture('animated.gif') });
  const threeAlike = { raw: { width: 4, height: 12, channels: 3, pageHeight: 4 } } as const;
  origin.route('/still.gif', {
    headers: type('image/gif'),
    body: await sharp(Buffer.alloc(4 * 12 * 3, 90), threeAlike)
      .gif({ delay: [100, 200, 300], loop: 3, keepDuplicateFrames: true })
      .toBuffer(),
  });
  origin.route('/a.txt', { headers: type('text/plain'), body: 'hello' });
  origin.route('/loop', { redirect: '/loop' });
  origin.route('/away', { redirect: 'http://images.test/a.jpg' });
});
after(() => origin.close());

describe('with a list of hosts', () => {
  let pictor: PictorProcess;
  before(async () => {
    const args = ['imageproxy', '-allowHosts', '127.0.0.1', '-denyHosts=192.0.2.0/24'];
    pictor = await startPictor({ args });
  });
  after(() => pictor.stop());
  const get = (options: string, name: string) => pictor.get(`/${options}/${origin.url}/${name}`);

  test('fixed routes', async () => {
    for (const route of ['/', '/health-check']) assert.equal(text(await pictor.get(route)), 'OK');
    const icon = await pictor.get('/favicon.ico');
    assert.deepEqual(
      [icon.status, icon.headers['content-length'], icon.headers['content-type']],
      [200, '0', undefined],
    );
  });

  test('a picture with the headers it always had', async () => {
    const reply = await get('50x', 'a.jpg');
    const { width, height, format } = await sharp(reply.body).metadata();
    assert.deepEqual([reply.status, format, width, height], [200, 'jpeg', 50, 33]);
    const { headers } = reply;
    assert.equal(headers['content-type'], 'image/jpeg');
    assert.equal(headers['content-length'], String(reply.body.length));
    assert.equal(headers['cache-control'], 'max-age=100');
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(headers['content-security-policy'], "script-src 'none'");
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-xss-protection'], '1; mode=block');
  });

  test('nothing asked for gives the original; every method is GET', async () => {
    assert.deepEqual((await get('x', 'a.jpg')).body, fixture('photo.jpg'));
    assert.deepEqual(
      (await pictor.get(`/${origin.url.replace('//', '/')}/a.jpg`)).body,
      fixture('photo.jpg'),
    );
    for (const method of ['POST', 'OPTIONS']) {
      const reply = await pictor.send(method, `/50x/${origin.url}/a.jpg`);
      assert.equal((await sharp(reply.body).metadata()).width, 50, method);
    }
    const head = await pictor.send('HEAD', `/50x/${origin.url}/a.jpg`);
    assert.deepEqual([head.status, head.body.length], [200, 0]);
  });

  test('a moving GIF keeps moving', async () => {
    const { body } = await get('30x', 'a.gif');
    const [before, scaled] = [await sharp(fixture('animated.gif')).metadata(), await sharp(body).metadata()];
    assert.deepEqual([scaled.format, scaled.width, scaled.pages], ['gif', 30, before.pages]);
    assert.deepEqual([scaled.delay, scaled.loop], [before.delay, before.loop]);
  });

  test('frames that come out alike stay apart', async () => {
    const { body } = await get('cw2,ch2', 'still.gif');
    const { pages, delay, loop } = await sharp(body).metadata();
    assert.deepEqual({ pages, delay, loop }, { pages: 3, delay: [100, 200, 300], loop: 3 });
  });

  test('refusals', async () => {
    const invalid = await pictor.get('/foo');
    assert.equal(invalid.status, 400);
    assert.equal(text(invalid), 'invalid request URL: malformed URL "/foo": too few path segments\n');
    for (const target of [
      `/50x/${origin.url}/a.txt`,
      `/vu100/${origin.url}/a.jpg`,
      '/50x/http://images.test/a.jpg',
      '/50x/http://192.0.2.7/a.jpg',
    ]) {
      const reply = await pictor.get(target);
      assert.deepEqual([reply.status, text(reply)], [403, refusal], target);
    }
    const away = await get('50x', 'away');
    const misled = 'requested URL in redirect is not allowed\nerror fetching remote image\n';
    assert.deepEqual([away.status, text(away)], [403, misled]);
    const missing = await get('50x', 'missing');
    assert.deepEqual([missing.status, text(missing)], [404, 'not found\n']);
    const loop = await get('50x', 'loop');
    assert.deepEqual([loop.status, text(loop)], [500, 'error fetching remote image\n']);
  });
});

test('signatures, referrers, enlarging and methods by flags and variables', async () => {
  const pictor = await startPictor({
    args: ['imageproxy', '-allowPrivateSources', '-scaleUp', '-strictMethods', '-referrers=*.b.test'],
    env: { IMAGEPROXY_SIGNATUREKEY: 'secretkey' },
  });
  try {
    const url = `${origin.url}/a.jpg`;
    const sign = (message: string) => createHmac('sha256', 'secretkey').update(message).digest('base64url');
    const referred = { Referer: 'http://b.test/page' };
    const both = `/600x,s${sign(`${url}#600x0`)}/${url}`;
    const grown = await pictor.get(both, referred);
    assert.equal((await sharp(grown.body).metadata()).width, 600);
    assert.equal((await pictor.get(both)).status, 403, 'no Referer, and the URL is known already');
    assert.equal((await pictor.get(both.replace('600x,', '601x,'), referred)).status, 403);
    assert.equal((await pictor.get(`/30x,s${sign(url)}=/${url}`, referred)).status, 200);
    assert.equal((await pictor.get(`/30x/${url}`, referred)).status, 403);
    assert.equal((await pictor.send('POST', both, referred)).status, 405);
  } finally {
    await pictor.stop();
  }
});

test('a socket, the line that says so, and an end that finishes what is in flight', async (t) => {
  const folder = await temporaryFolder(t);
  const socketPath = path.join(folder, 'images.sock');
  origin.route('/slow.jpg', {
    headers: { 'Content-Type': 'image/jpeg' },
    body: fixture('photo.jpg'),
    delayMs: 1500,
  });
  const args = ['imageproxy', '-allowPrivateSources', '-addr', `unix:${socketPath}`];
  const child = spawn(execPath, [path.join(repositoryRoot, 'bin/pictor.js'), ...args], {
    cwd: folder,
    env: { PATH: env['PATH'] ?? '', HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await until('it listens', () => printed.includes(`imageproxy listening on unix:${socketPath}`));
  const reply = new Promise<number>((resolve, reject) => {
    request({ socketPath, path: `/50x/${origin.url}/slow.jpg` }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
  await until('the origin is asked', () => origin.count('/slow.jpg') === 1);
  child.kill('SIGTERM');
  assert.equal(await reply, 200);
  assert.deepEqual(await ended, [0, null]);
});

test('metrics under the names they had', async () => {
  const pictor = await startPictor({ args: ['imageproxy', '-allowPrivateSources'] });
  try {
    for (const name of ['a.jpg', 'a.jpg', 'missing']) await pictor.get(`/50x/${origin.url}/${name}`);
    const page = text(await pictor.get('/metrics'));
    for (const line of [
      'imageproxy_requests_served_from_cache_total 1',
      'imageproxy_transformation_duration_seconds_count 1',
      'imageproxy_remote_fetch_errors_total 1',
      'http_request_duration_seconds_count 3',
      'http_requests_in_flight 1',
    ])
      assert.ok(page.includes(`\n${line}\n`), `${line} is not in\n${page}`);
    assert.match(page, /\nprocess_resident_memory_bytes \d/);
    assert.equal(await metric(pictor, 'pictor_transforms_total'), 1);
  } finally {
    await pictor.stop();
  }
});
