import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PictorEvent } from '../../../src/core/events.ts';
import { originalKey, variantKey } from '../../../src/service/key.ts';
import { createHttpFilesStore } from '../../../src/stores/http-files-store.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Name {
  readonly text: string;
  readonly name: string;
}

const file = path.join(import.meta.dirname, '../../golden/dialects/imageproxy-http.json');
const { names } = JSON.parse(readFileSync(file, 'utf8')) as { readonly names: readonly Name[] };

const image = { source: 'http://good.test/a.png', operations: [], output: { format: {} } };
const rulesFor = (text: string) => ({ name: 'test', names: { variant: text, original: text } });
const placeOf = (dir: string, name: string) => path.join(dir, name.slice(0, 2), name.slice(2, 4), name);

async function open(context: TestContext, maxBytes = 0, dir?: string) {
  const folder = dir ?? (await temporaryFolder(context));
  const events: PictorEvent[] = [];
  const store = await createHttpFilesStore({
    dir: folder,
    maxBytes,
    emit: (event) => events.push(event),
    touchAfterSeconds: 0,
  });
  context.after(() => store.close());
  return { store, folder, events };
}

for (const { text, name } of names) {
  test(`the entry of ${text} lies where imageproxy looks for it`, async (t) => {
    const { store, folder } = await open(t);
    const key = variantKey(image, { rules: rulesFor(text) });
    await store.put(key, Buffer.from('picture'), { mediaType: 'image/png' });
    assert.match(readFileSync(placeOf(folder, name), 'latin1'), /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(
      (await store.get(originalKey(text, { rules: rulesFor(text) }))) ?? null,
      null,
      'another key',
    );
  });
}

test('an entry is the whole answer of the source, and none of its headers can end another', async (t) => {
  const { store, folder } = await open(t);
  const headers = {
    'content-type': 'image/jpeg',
    'cache-control': 'max-age=60',
    etag: '"1"',
    'content-encoding': 'gzip',
    'content-length': '99',
    'x-odd': 'a\r\nInjected: yes',
  };
  const text = 'http://good.test/a.png';
  await store.put(originalKey(text, { rules: rulesFor(text) }), Buffer.from('picture'), {
    response: { status: 203, headers },
  });
  const entry = readFileSync(placeOf(folder, 'e1e4ab25046c2a52c2646719b03537bb'), 'latin1');
  const [head = '', body] = entry.split('\r\n\r\n');
  assert.equal(body, 'picture');
  const lines = head.split('\r\n');
  assert.match(lines.pop() ?? '', /^X-Pictor-Entry: 1 \d+ [\w-]+$/);
  assert.deepEqual(lines, [
    'HTTP/1.1 203 Non-Authoritative Information',
    'Content-Type: image/jpeg',
    'Content-Length: 7',
    'cache-control: max-age=60',
    'etag: "1"',
  ]);
});

test('what imageproxy has left counts as missing, stays as it is, and is replaced by what is kept of the same', async (t) => {
  const { store, folder } = await open(t);
  const text = 'http://good.test/a.png';
  const key = originalKey(text, { rules: rulesFor(text) });
  const place = placeOf(folder, 'e1e4ab25046c2a52c2646719b03537bb');
  await mkdir(path.dirname(place), { recursive: true });
  const theirs = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Varied-Accept: a\r\n\r\nabc';
  for (const left of [theirs, '', 'HTTP/1.1 200', '\0\0\0\0', theirs.repeat(1000)]) {
    writeFileSync(place, left);
    assert.equal(await store.get(key), null);
    await store.setMeta(key, { changed: true });
    assert.equal(readFileSync(place, 'latin1'), left);
  }
  await store.put(key, Buffer.from('ours'), {});
  assert.equal((await store.get(key))?.body?.toString(), 'ours');
});

test('a damaged entry counts as missing', async (t) => {
  const { store, folder } = await open(t);
  await store.put('cafe0001', Buffer.from('picture'), { a: 1 });
  const place = placeOf(folder, createHash('md5').update('cafe0001').digest('hex'));
  const whole = readFileSync(place);
  const flipped = Buffer.from(whole);
  flipped[flipped.length - 1]! ^= 1;
  for (const damaged of [
    flipped,
    whole.subarray(0, -1),
    whole.subarray(0, 30),
    Buffer.concat([whole, whole]),
  ]) {
    writeFileSync(place, damaged);
    assert.equal(await store.get('cafe0001'), null);
  }
});

test('over the bound, what was used longest ago goes, imageproxy’s entries too', async (t) => {
  const folder = await temporaryFolder(t);
  const place = placeOf(folder, 'e1e4ab25046c2a52c2646719b03537bb');
  await mkdir(path.dirname(place), { recursive: true });
  writeFileSync(place, Buffer.alloc(50_000));
  const other = path.join(path.dirname(place), 'README');
  writeFileSync(other, Buffer.alloc(50_000));
  utimesSync(place, 1, 1);
  const { store, events } = await open(t, 100_000, folder);
  for (let index = 0; index < 8; index += 1) {
    const key = `cafe000${index}`;
    await store.put(key, Buffer.alloc(10_000), {});
    const name = createHash('md5').update(key).digest('hex');
    if (index !== 0) utimesSync(placeOf(folder, name), 1000 + 100 * index, 1000 + 100 * index);
  }
  await eventually('there is room', () =>
    events.some((event) => event.type === 'store' && event.what === 'evicted'),
  );
  assert.equal((await readdir(path.dirname(place))).includes('e1e4ab25046c2a52c2646719b03537bb'), false);
  assert.ok(readdirSync(path.dirname(other)).includes('README'), 'what is no entry is left alone');
  assert.notEqual(await store.get('cafe0000'), null);
  assert.notEqual(await store.get('cafe0007'), null);
});

test('the folder cannot be made', async (t) => {
  const folder = await temporaryFolder(t);
  writeFileSync(path.join(folder, 'file'), '');
  const dir = path.join(folder, 'file', 'cache');
  await assert.rejects(createHttpFilesStore({ dir, maxBytes: 0, emit: () => {} }), { code: 'STORE_FAILED' });
});
