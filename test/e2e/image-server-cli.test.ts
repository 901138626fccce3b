/** `pictor image-server cli` as a process: what it prints, keeps and ends with. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { env, execPath } from 'node:process';
import { test } from 'node:test';
import sharp from 'sharp';
import { fixture } from '../support/engine-jobs.ts';
import { repositoryRoot } from '../support/repository.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const program = path.join(repositoryRoot, 'src/cli/main.ts');

function start(folder: string, args: readonly string[]) {
  const child = spawn(execPath, [program, 'image-server', ...args], {
    cwd: folder,
    env: { PATH: env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...texts }));
  return { child, ended, texts };
}

const run = (folder: string, ...args: string[]) => start(folder, args).ended;

/** Pictures that differ by what stands behind their end. */
function makePictures(folder: string, count: number): string[] {
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, index) => {
    const file = path.join(folder, `${index}.jpg`);
    copyFileSync(fixture('adobe-rgb.jpg'), file);
    appendFileSync(file, String(index));
    return file;
  });
}

const hashOf = (file: string): string => createHash('md5').update(readFileSync(file)).digest('hex');
const folderOf = (hash: string): string =>
  [hash.slice(0, 3), hash.slice(3, 6), hash.slice(6, 9), hash.slice(9)].join('/');
const variantsIn = (store: string): number =>
  readdirSync(store, { recursive: true }).filter((name) => String(name).endsWith('x20.jpg')).length;

test('makes variants of a folder, one line per picture; a second run has nothing to do', async (context) => {
  const folder = await temporaryFolder(context);
  const files = makePictures(path.join(folder, 'photos'), 5);
  const args = ['cli', 'photos', '--outputs', 'x20.jpg,w30.webp', '--namespace', 'products'];
  const { width, height } = await sharp(files[0]).metadata();
  const first = await run(folder, ...args);
  assert.equal(first.code, 0, first.err);
  const lines = files.map((file) => `${hashOf(file)}\t\t${width}\t${height}`);
  assert.deepEqual(first.out.trimEnd().split('\n').toSorted(), lines.toSorted());
  assert.match(first.err, /^5 images, 10 variants made, 0 there already, 0 failed, [\d.]+ s\n$/);
  for (const file of files) {
    const place = path.join(folder, 'public/products', folderOf(hashOf(file)));
    assert.deepEqual(readdirSync(place).toSorted(), ['info.json', 'original', 'w30.webp', 'x20.jpg']);
    assert.equal((await sharp(path.join(place, 'x20.jpg')).metadata()).width, 20);
  }
  const second = await run(folder, ...args);
  assert.match(second.err, /^5 images, 0 variants made, 10 there already, 0 failed/);
  assert.equal(second.out.split('\n').toSorted().join(), first.out.split('\n').toSorted().join());
  const ofStore = await run(folder, 'cli', 'public', '--outputs', 'x10.jpg');
  assert.match(
    ofStore.err,
    /^5 images, 5 variants made, 0 there already, 0 failed/,
    'namespaces of the store',
  );
});

test('a picture that fails is named and left out, and the end says so', async (context) => {
  const folder = await temporaryFolder(context);
  makePictures(path.join(folder, 'photos'), 2);
  writeFileSync(path.join(folder, 'photos/broken.jpg'), 'no picture');
  const { code, out, err } = await run(folder, 'cli', 'photos', '--outputs=x20.jpg', '--namespace=p');
  assert.equal(code, 1);
  assert.equal(out.trimEnd().split('\n').length, 2);
  assert.match(err, /broken\.jpg: .+\n2 images, 2 variants made, 0 there already, 1 failed/s);
});

test('what is missing or wrong is told before anything is done', async (context) => {
  const folder = await temporaryFolder(context);
  makePictures(path.join(folder, 'photos'), 1);
  const cases = [
    [['cli'], 'CLI requires the path\n'],
    [['cli', 'photos'], 'CLI requires the outputs: --outputs x300.jpg,w800.webp\n'],
    [['cli', 'photos', 'more', '--outputs', 'x1.jpg'], 'CLI takes one path: more is too much\n'],
    [['cli', 'photos', '--no-such-flag', '--outputs', 'x1.jpg'], 'unknown flag: --no-such-flag\n'],
  ] as const;
  for (const [args, message] of cases) {
    const { code, out, err } = await run(folder, ...args);
    assert.deepEqual([code, out], [1, message]);
    assert.match(err, /^Usage: pictor image-server cli PATH/);
  }
  const unknown = await run(folder, 'cli', 'photos', '--outputs', 'x1.nope', '--namespace', 'p');
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /--outputs/);
  const nowhere = await run(folder, 'cli', 'nothing', '--outputs', 'x1.jpg');
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.err, /nothing: there is no such file or folder/);
  const homeless = await run(folder, 'cli', 'photos', '--outputs', 'x1.jpg');
  assert.equal(homeless.code, 1);
  assert.match(homeless.err, /it lies in no store: --namespace is needed/);
});

test('a signal lets what was begun come to its end; the next run goes on', async (context) => {
  const folder = await temporaryFolder(context);
  const count = 60;
  makePictures(path.join(folder, 'photos'), count);
  const args = ['cli', 'photos', '--outputs', 'x20.jpg', '--namespace', 'p', '--processor_concurrency', '1'];
  const { child, ended, texts } = start(folder, args);
  while (texts.out === '' && child.exitCode === null) await once(child.stdout, 'data');
  child.kill('SIGINT');
  const stopped = await ended;
  const done = stopped.out.trimEnd().split('\n').length;
  assert.ok(done < count, 'it was stopped in the middle');
  assert.equal(stopped.code, 130, stopped.err);
  assert.match(stopped.err, /^stopped: \d+ images?, .*run it again to go on\n$/);
  assert.equal(variantsIn(path.join(folder, 'public')), done, 'every line is a variant that is there');
  const rest = await run(folder, ...args);
  assert.equal(rest.code, 0, rest.err);
  assert.match(
    rest.err,
    new RegExp(`^${count} images, ${count - done} variants made, ${done} there already`),
  );
});

test('goes on when nobody reads what it says any more, and ends with a code of its own', async (context) => {
  const folder = await temporaryFolder(context);
  makePictures(path.join(folder, 'photos'), 12);
  writeFileSync(path.join(folder, 'photos/0-broken.jpg'), 'no picture');
  const run = (store: string) =>
    start(folder, ['cli', 'photos', '--outputs=x20.jpg', '--namespace=p', '--local_base_path', store]);
  const [unheard, unread] = [run('unheard'), run('unread')];
  unheard.child.stdout.destroy();
  unread.child.stderr.destroy();
  const { code, err } = await unheard.ended;
  assert.equal(code, 1, err);
  assert.match(err, /12 images, 12 variants made, 0 there already, 1 failed/);
  assert.equal((await unread.ended).code, 1);
  for (const store of ['unheard', 'unread']) assert.equal(variantsIn(path.join(folder, store)), 12, store);
});
