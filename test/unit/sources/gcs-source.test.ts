/** What the contract of sources does not ask of Google Cloud Storage. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Source } from '../../../src/core/ports.ts';
import { createGcsSource } from '../../../src/sources/gcs-source.ts';
import { gcsSourceSettings } from '../../../src/sources/object-settings.ts';
import { type FakeGcs, startFakeGcs } from '../../support/fake-gcs.ts';
import { failureOf, openContext, readOriginal } from '../../support/reading.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Started {
  readonly gcs: FakeGcs;
  readonly source: Source;
}

async function start(t: TestContext, changes: object = { anonymous: true }): Promise<Started> {
  const gcs = await startFakeGcs();
  t.after(() => gcs.close());
  gcs.createBucket('pictures');
  const settings = gcsSourceSettings.parse({ enabled: true, endpoint: gcs.url, ...changes });
  const source = createGcsSource(settings, { versionSeparator: '?' });
  t.after(() => source.close?.());
  return { gcs, source };
}

const read = async (source: Source, uri: string): Promise<string> =>
  String(await readOriginal(await source.open(uri, openContext())));

test('reads one generation where the URI names one, else the last; what is no generation changes nothing', async (t) => {
  const { gcs, source } = await start(t);
  const first = gcs.put('pictures', 'a.png', { bytes: Buffer.from('first') });
  gcs.put('pictures', 'a.png', { bytes: Buffer.from('second') });
  assert.equal(await read(source, 'gs://pictures/a.png'), 'second');
  assert.equal(await read(source, `gs://pictures/a.png?${first}`), 'first');
  assert.equal(await read(source, 'gs://pictures/a.png?v=1'), 'second');
  await failureOf(source.open('gs://pictures/a.png?1234', openContext()), 'SOURCE_NOT_FOUND');
});

test('asks for keys of any text as they are', async (t) => {
  const { gcs, source } = await start(t);
  for (const key of ['a b/ä%2F#.png', '100%.png', '/lead', 'a//b', '+&=;,']) {
    gcs.put('pictures', key, { bytes: Buffer.from(key) });
    assert.equal(await read(source, `gs://pictures/${key}`), key);
  }
});

test('unpacks objects that are stored compressed, and bounds them by what comes out', async (t) => {
  const { gcs, source } = await start(t);
  const bytes = Buffer.alloc(50_000, 'x');
  gcs.put('pictures', 'a.svg', {
    bytes: gzipSync(bytes),
    contentEncoding: 'gzip',
    contentType: 'image/svg+xml',
  });
  const answer = await source.open('gs://pictures/a.svg', openContext({ maxBytes: 50_000 }));
  assert.ok(answer.status === 'found');
  assert.equal(answer.contentType, 'image/svg+xml');
  assert.ok((await readOriginal(answer)).equals(bytes));
  const short = openContext({ maxBytes: 49_999 });
  await failureOf(source.open('gs://pictures/a.svg', short).then(readOriginal), 'SOURCE_TOO_LARGE');
});

test("goes by the owner's Cache-Control, not by that of the download", async (t) => {
  const { gcs, source } = await start(t);
  gcs.put('pictures', 'a', { bytes: Buffer.from('a'), cacheControl: 'max-age=60' });
  gcs.put('pictures', 'b', { bytes: Buffer.from('b') });
  const cacheControl = async (uri: string) => {
    const answer = await source.open(uri, openContext());
    await readOriginal(answer);
    return answer.response?.headers['cache-control'];
  };
  assert.equal(await cacheControl('gs://pictures/a'), 'max-age=60');
  assert.equal(await cacheControl('gs://pictures/b'), undefined);
});

test('an unchanged object costs one small question', async (t) => {
  const { gcs, source } = await start(t);
  gcs.put('pictures', 'a', { bytes: Buffer.from('a') });
  const first = await source.open('gs://pictures/a', openContext());
  await readOriginal(first);
  assert.ok(first.status === 'found');
  const before = gcs.requests.length;
  const again = await source.open('gs://pictures/a', openContext({ known: first.validators }));
  assert.equal(again.status, 'not-modified');
  assert.equal(gcs.requests.length, before + 1);
  const { lastModified } = first.validators;
  assert.ok(lastModified !== undefined);
  assert.equal(
    (await source.open('gs://pictures/a', openContext({ known: { lastModified } }))).status,
    'not-modified',
  );
});

test('proves who it is by the credentials it was given', async (t) => {
  const subject = path.join(await temporaryFolder(t), 'subject');
  await writeFile(subject, 'subject');
  const gcs = await startFakeGcs();
  t.after(() => gcs.close());
  gcs.createBucket('pictures');
  gcs.put('pictures', 'a', { bytes: Buffer.from('a') });
  gcs.requireToken();
  const parsed = (changes: object) =>
    gcsSourceSettings.parse({ enabled: true, endpoint: gcs.url, ...changes });
  const parts = { versionSeparator: '?' };
  const known = createGcsSource(parsed({ credentials: gcs.credentials(subject) }), parts);
  const unknown = createGcsSource(parsed({ anonymous: true }), parts);
  const lost = createGcsSource(parsed({ credentials: gcs.credentials(`${subject}-none`) }), parts);
  for (const each of [known, unknown, lost]) t.after(() => each.close?.());
  assert.equal(await read(known, 'gs://pictures/a'), 'a');
  await failureOf(unknown.open('gs://pictures/a', openContext()), 'SOURCE_FAILED');
  const failure = await failureOf(lost.open('gs://pictures/a', openContext()), 'SOURCE_FAILED');
  assert.match(failure.detail ?? '', /no credentials/);
});

test('reads no bucket that is denied or not allowed, and asks nothing', async (t) => {
  const { gcs, source } = await start(t, {
    anonymous: true,
    allowedBuckets: ['pictures', 'both'],
    deniedBuckets: ['both'],
  });
  for (const bucket of ['other', 'both'])
    await failureOf(source.open(`gs://${bucket}/a`, openContext()), 'SOURCE_NOT_FOUND');
  assert.deepEqual(gcs.requests, []);
});

test('tells the failures of the service apart', async (t) => {
  const { gcs, source } = await start(t);
  gcs.put('pictures', 'a', { bytes: Buffer.from('a') });
  const cases = [
    [401, 'SOURCE_FAILED'],
    [403, 'SOURCE_REFUSED'],
    [404, 'SOURCE_NOT_FOUND'],
    [412, 'SOURCE_REFUSED'],
    [429, 'SOURCE_FAILED'],
    [500, 'SOURCE_FAILED'],
    [302, 'SOURCE_FAILED'],
  ] as const;
  for (const [status, code] of cases) {
    gcs.next(status);
    const failure = await failureOf(source.open('gs://pictures/a', openContext()), code);
    assert.equal(failure.upstreamStatus, status);
  }
  gcs.next((response) => void response.writeHead(200).end('no metadata'));
  await failureOf(source.open('gs://pictures/a', openContext()), 'SOURCE_FAILED');
  gcs.next((response) => void response.writeHead(200, { 'content-length': 10 }).write('{'));
  const stop = new AbortController();
  const opening = source.open('gs://pictures/a', openContext({ signal: stop.signal }));
  setImmediate(() => stop.abort());
  await failureOf(opening, 'CANCELLED');
});

test('ends what takes too long, and says who could not be reached', async (t) => {
  const { gcs, source } = await start(t, { anonymous: true, timeoutSeconds: 0.2 });
  gcs.next(() => {});
  await failureOf(source.open('gs://pictures/a', openContext()), 'SOURCE_TIMEOUT');
  const settings = gcsSourceSettings.parse({ anonymous: true, endpoint: 'http://127.0.0.1:1' });
  const nowhere = createGcsSource(settings, { versionSeparator: '?' });
  await failureOf(nowhere.open('gs://pictures/a', openContext()), 'SOURCE_UNREACHABLE');
  await nowhere.close?.();
});
