/** `pictor translate`: where the URL lives, and where the pictures of its mount lie. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../../../src/cli/program.ts';

async function translate(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const print = (text: string) => void out.push(text);
  const complain = (text: string) => void err.push(text);
  const call = { args: [], options: {}, env: {}, print, complain, columns: null, errorColumns: null };
  const code = await runProgram(call, ['translate', ...args]).catch((error: unknown) => String(error));
  return { code, out: out.join('').trim(), err: err.join('') };
}

const mounts = (...list: readonly object[]): readonly [string, string] => ['--mounts', JSON.stringify(list)];

test('a bucket is that of the mount', async () => {
  const archive = { prefix: '/a', dialect: 's3imageserver', settings: { bucket: 'pile', keyPrefix: 'x/' } };
  const s3 = { storage: { remote: 's3', path: 'images/', s3: { bucket: 'shop' } } };
  const uploads = { prefix: '/u', dialect: 'image-server', settings: s3 };
  const found = await translate('http://h/a/b.jpg?w=9', '--to', 'imgproxy', ...mounts(archive, uploads));
  assert.deepEqual(found, {
    code: 0,
    out: '/unsafe/rs:fit:9:0/q:75/plain/s3%3A%2F%2Fpile%2Fx%2Fb.jpg@webp',
    err: '',
  });
  const hash = '6e0/072/682/e66287b662827da75b244a3';
  const uploaded = await translate(`/u/n/${hash}/w9.jpg`, '--to', 'imgproxy', ...mounts(archive, uploads));
  assert.equal(
    uploaded.out,
    `/unsafe/rs:fit:9:0:1/q:75/plain/${encodeURIComponent(`s3://shop/images/n/${hash}/original`)}@jpg`,
  );
});

test('pictures in a folder are files below sources.file.root, or nobody else finds them', async () => {
  const kept = mounts({ prefix: '/v', dialect: 'vip', settings: { folder: '/srv/pictures/vip' } });
  const url = '/v/app/cup.jpg?s=9';
  for (const root of ['/srv/pictures', '/srv/pictures/']) {
    const found = await translate(url, '--to', 'imgproxy', ...kept, '--sources-file-root', root);
    assert.equal(found.out, '/unsafe/rs:fit:9:0/q:80/plain/local%3A%2F%2F%2Fvip%2Fapp%2Fcup.jpg@jpg');
  }
  for (const root of ['/srv/pic', '/srv/pictures/vip/app', '/elsewhere', '']) {
    const { code, err } = await translate(url, '--to', 'imgproxy', ...kept, '--sources-file-root', root);
    assert.equal(code, 1);
    assert.match(err, /folder \/srv\/pictures\/vip/);
  }
  const odd = await translate(
    '/v/app/50%25.jpg?s=9',
    '--to',
    'imgproxy',
    ...kept,
    '--sources-file-root',
    '/srv',
  );
  assert.equal(odd.code, 1);
  const moved = await translate(url, '--to', 'imgproxy', ...kept, '--bucket', 'app');
  assert.equal(moved.out, '/unsafe/rs:fit:9:0/q:80/plain/s3%3A%2F%2Fapp%2Fcup.jpg@jpg');
});

test('within a language, options that no other has stay', async () => {
  const say = (path: string, to = 'imgproxy') => translate(path, '--from', 'imgproxy', '--to', to);
  assert.equal((await say('/x/bl:3/plain/local:///a.jpg')).out, '/unsafe/bl:3/plain/local:///a.jpg');
  // Version 1, in the words of version 4.
  const first = await say('/x/fill/480/320/ce/0/bG9jYWw6Ly8vZGF3bi5qcGc.jpg');
  assert.equal(first.out, '/unsafe/rs:fill:480:320/q:80/plain/local%3A%2F%2F%2Fdawn.jpg@jpg');
  assert.equal((await say('/x/bl:3/plain/https://a.test/b.jpg', 'imageproxy')).code, 1);
});

test('what is no URL of a picture, and words too many, are told', async () => {
  const ping = await translate('/vip/ping', '--to', 'imgproxy');
  assert.deepEqual(
    [ping.code, ping.err],
    [1, 'no translation from vip to imgproxy: this asks for no picture\n'],
  );
  const gone = await translate('/x/exp:1/plain/local:///a.jpg', '--from', 'imgproxy', '--to', 'imgproxy');
  assert.match(gone.err, /expired/i);
  const two = await translate('/a.jpg?w=1', '/b.jpg', '--from', 's3imageserver', '--to', 'imgproxy');
  assert.match(String(two.code), /one URL/);
  assert.match(String((await translate('/nowhere', '--to', 'imgproxy')).code), /no mount/);
});
