import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { PictorError } from '../../../src/core/errors.ts';
import { createFileSource } from '../../../src/sources/file-source.ts';
import { failureOf, openContext, readOriginal } from '../../support/reading.ts';

/** A folder with `img` as the root, and things beside it that nobody may reach. */
async function folders(t: TestContext) {
  const base = await realpath(await mkdtemp(path.join(tmpdir(), 'pictor-file-')));
  t.after(() => rm(base, { recursive: true, force: true }));
  const root = path.join(base, 'img');
  await mkdir(path.join(root, 'sub'), { recursive: true });
  await mkdir(path.join(base, 'img-private'));
  await writeFile(path.join(root, 'a.jpg'), 'picture');
  await writeFile(path.join(root, 'sub', 'b.jpg'), 'below');
  await writeFile(path.join(base, 'secret.jpg'), 'secret');
  await writeFile(path.join(base, 'img-private', 'secret.jpg'), 'secret');
  return { base, root, source: createFileSource({ root }) };
}

test('hands over the file itself, with size and validators', async (t) => {
  const { root, source } = await folders(t);
  await utimes(path.join(root, 'a.jpg'), 1_700_000_000, 1_700_000_000);
  const answer = await source.open('local:///a.jpg', openContext());
  assert.equal(answer.status, 'found');
  assert.deepEqual(answer.body, { path: path.join(root, 'a.jpg') });
  assert.equal(answer.size, 7);
  assert.match(answer.validators.etag!, /^"[A-Za-z0-9_-]{27}"$/);
  assert.equal(answer.validators.lastModified, 'Tue, 14 Nov 2023 22:13:20 GMT');
  assert.equal(answer.freshForSeconds, 5);
});

test('the host part is ignored, and dots are resolved as in a URL', async (t) => {
  const { source } = await folders(t);
  for (const uri of [
    'local:///sub/b.jpg',
    'LOCAL://any.host/sub/b.jpg',
    'local:///x/../sub/./b.jpg',
    'local:////sub//b.jpg',
    'local:///../../sub/b.jpg',
  ]) {
    assert.equal(String(await readOriginal(await source.open(uri, openContext()))), 'below', uri);
  }
});

test('percent signs, question marks, hashes and spaces stand for themselves', async (t) => {
  const { root, source } = await folders(t);
  for (const name of [
    'a%2Fb.jpg',
    'a%.jpg',
    'what?.jpg',
    'a#b.jpg',
    'a b.jpg',
    'bücher 猫.jpg',
    '..jpg',
    '...',
    'new\nline',
  ]) {
    await writeFile(path.join(root, name), name);
    assert.equal(String(await readOriginal(await source.open(`local:///${name}`, openContext()))), name);
  }
  await failureOf(source.open('local:///a%2ejpg', openContext()), 'SOURCE_NOT_FOUND');
});

describe('nothing outside the root', () => {
  for (const wanted of [
    '/../secret.jpg',
    '/../../../../../../etc/passwd',
    '/..',
    '/../img-private/secret.jpg',
    '-private/secret.jpg',
    '/sub/../../secret.jpg',
    '/..%2fsecret.jpg',
    '/%2e%2e/secret.jpg',
    '/..\\secret.jpg',
    '/\\..\\secret.jpg',
    '/../secret.jpg\0.jpg',
    '/a.jpg\0',
    '/....//secret.jpg',
    '//etc/passwd',
    '/etc/passwd',
    '/C:/secret.jpg',
  ]) {
    test(JSON.stringify(wanted), async (t) => {
      const { base, source } = await folders(t);
      await failureOf(source.open(`local://${wanted}`, openContext()), 'SOURCE_NOT_FOUND');
      await failureOf(source.open(`local:///..${base}${wanted}`, openContext()), 'SOURCE_NOT_FOUND');
    });
  }

  test('links that lead out: to a file, to a folder, over several steps, to a sibling with the same beginning', async (t) => {
    const { base, root, source } = await folders(t);
    await symlink(path.join(base, 'secret.jpg'), path.join(root, 'file.jpg'));
    await symlink('../secret.jpg', path.join(root, 'relative.jpg'));
    await symlink(base, path.join(root, 'folder'));
    await symlink('/', path.join(root, 'top'));
    await symlink('relative.jpg', path.join(root, 'twice.jpg'));
    await symlink('../img-private', path.join(root, 'sibling'));
    for (const wanted of [
      'file.jpg',
      'relative.jpg',
      'folder/secret.jpg',
      'folder/img-private/secret.jpg',
      'top/etc/passwd',
      'twice.jpg',
      'sibling/secret.jpg',
    ]) {
      await failureOf(source.open(`local:///${wanted}`, openContext()), 'SOURCE_NOT_FOUND');
    }
  });

  test('whatever the text, what is handed over lies below the root', async (t) => {
    const { base, root, source } = await folders(t);
    await symlink(base, path.join(root, 'out'));
    const piece = fc.constantFrom(
      '..',
      '.',
      '',
      'sub',
      'out',
      'a.jpg',
      'b.jpg',
      'secret.jpg',
      'img',
      'img-private',
      '%2e%2e',
      '\\',
      '\0',
      ' ',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const answer = await source
          .open(`local:///${pieces.join('/')}`, openContext())
          .catch((thrown: unknown) => {
            assert.ok(thrown instanceof PictorError && thrown.code === 'SOURCE_NOT_FOUND', String(thrown));
            return null;
          });
        if (answer === null) return;
        assert.ok(answer.status === 'found' && 'path' in answer.body);
        assert.ok(answer.body.path.startsWith(root + path.sep), answer.body.path);
        assert.notEqual(String(await readFile(answer.body.path)), 'secret');
      }),
      { numRuns: 300 },
    );
  });
});

test('links inside the root are followed, and the real path is handed on', async (t) => {
  const { root, source } = await folders(t);
  await symlink('sub/b.jpg', path.join(root, 'link.jpg'));
  await symlink('sub', path.join(root, 'also'));
  for (const wanted of ['link.jpg', 'also/b.jpg']) {
    const answer = await source.open(`local:///${wanted}`, openContext());
    assert.ok(answer.status === 'found' && 'path' in answer.body);
    assert.equal(answer.body.path, path.join(root, 'sub', 'b.jpg'));
  }
});

test('the root may be a link, and may be swapped while we run', async (t) => {
  const { base, root } = await folders(t);
  const current = path.join(base, 'current');
  await symlink(root, current);
  const source = createFileSource({ root: `${current}/` });
  assert.equal(String(await readOriginal(await source.open('local:///a.jpg', openContext()))), 'picture');
  await mkdir(path.join(base, 'img2'));
  await writeFile(path.join(base, 'img2', 'a.jpg'), 'second release');
  await symlink(path.join(base, 'img2'), path.join(base, 'next'));
  await rename(path.join(base, 'next'), current);
  assert.equal(
    String(await readOriginal(await source.open('local:///a.jpg', openContext()))),
    'second release',
  );
});

test('only regular files: folders, pipes, sockets, devices and loops are not found, without waiting', async (t) => {
  const { base, root, source } = await folders(t);
  execFileSync('mkfifo', [path.join(root, 'pipe.jpg')]);
  await symlink('loop.jpg', path.join(root, 'loop.jpg'));
  const server = createServer().listen(path.join(root, 's.jpg'));
  await once(server, 'listening');
  t.after(() => server.close());
  const wanted = [
    '',
    '/',
    '/sub',
    '/sub/',
    '/a.jpg/',
    '/a.jpg/x',
    '/missing.jpg',
    '/pipe.jpg',
    '/loop.jpg',
    '/s.jpg',
    `/${'x'.repeat(300)}`,
    `/${'x/'.repeat(5000)}`,
  ];
  for (const each of wanted)
    await failureOf(source.open(`local://${each}`, openContext()), 'SOURCE_NOT_FOUND');
  await failureOf(
    createFileSource({ root: '/dev' }).open('local:///null', openContext()),
    'SOURCE_NOT_FOUND',
  );
  await failureOf(createFileSource({ root: '/dev' }).open('local:///tty', openContext()), 'SOURCE_NOT_FOUND');
  await failureOf(
    createFileSource({ root: path.join(base, 'nothing') }).open('local:///a.jpg', openContext()),
    'SOURCE_NOT_FOUND',
  );
});

test('a file we may not read is SOURCE_REFUSED', {
  skip: process.getuid?.() === 0 && 'root may read everything',
}, async (t) => {
  const { root, source } = await folders(t);
  await chmod(path.join(root, 'a.jpg'), 0);
  await failureOf(source.open('local:///a.jpg', openContext()), 'SOURCE_REFUSED');
});

test('a changed file has another etag, even of the same size within the same second', async (t) => {
  const { root, source } = await folders(t);
  const etag = async () => {
    const answer = await source.open('local:///a.jpg', openContext());
    return answer.status === 'found' ? answer.validators.etag! : assert.fail();
  };
  const before = await etag();
  assert.equal(await etag(), before);
  await utimes(path.join(root, 'a.jpg'), 1_700_000_000, 1_700_000_000);
  const old = await etag();
  assert.notEqual(old, before);
  await writeFile(path.join(root, 'new.jpg'), 'PICTURE');
  await utimes(path.join(root, 'new.jpg'), 1_700_000_000, 1_700_000_000);
  await rename(path.join(root, 'new.jpg'), path.join(root, 'a.jpg'));
  assert.notEqual(await etag(), old, 'replaced by a file of the same size and time');
});

test('a known etag decides; without one the date does', async (t) => {
  const { source } = await folders(t);
  const first = await source.open('local:///a.jpg', openContext());
  assert.ok(first.status === 'found');
  const { etag, lastModified } = first.validators as { etag: string; lastModified: string };
  const ask = async (known: { etag?: string; lastModified?: string }) =>
    (await source.open('local:///a.jpg', openContext({ known }))).status;
  assert.equal(await ask({ etag }), 'not-modified');
  assert.equal(await ask({ lastModified }), 'not-modified');
  assert.equal(await ask({ etag: '"other"', lastModified }), 'found');
  assert.equal(await ask({ lastModified: 'Thu, 01 Jan 1970 00:00:00 GMT' }), 'found');
  assert.equal(await ask({}), 'found');
});

test('the limit on bytes holds, also for a copy that is known', async (t) => {
  const { source } = await folders(t);
  assert.equal((await source.open('local:///a.jpg', openContext({ maxBytes: 7 }))).status, 'found');
  await failureOf(source.open('local:///a.jpg', openContext({ maxBytes: 6 })), 'SOURCE_TOO_LARGE');
});

test('text that is no local URI is SOURCE_INVALID', async (t) => {
  const { source } = await folders(t);
  for (const uri of [
    '',
    '/a.jpg',
    'local:/a.jpg',
    'local:a.jpg',
    'file:///a.jpg',
    'http://local/a.jpg',
    ' local:///a.jpg',
  ]) {
    await failureOf(source.open(uri, openContext()), 'SOURCE_INVALID');
  }
});
