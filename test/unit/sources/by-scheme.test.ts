import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Source } from '../../../src/core/ports.ts';
import { createSources } from '../../../src/sources/by-scheme.ts';
import { failureOf, openContext } from '../../support/reading.ts';

function fakeSource(...schemes: string[]) {
  const opened: string[] = [];
  let closed = 0;
  const source: Source = {
    schemes,
    async open(uri) {
      opened.push(uri);
      return { status: 'not-modified' };
    },
    async close() {
      closed += 1;
    },
  };
  return { source, opened, closed: () => closed };
}

test('the scheme chooses the source, in any case, and the URI stays as it is', async () => {
  const web = fakeSource('http', 'https');
  const files = fakeSource('local');
  const sources = createSources([web.source, files.source]);
  assert.deepEqual(sources.schemes, ['http', 'https', 'local']);
  for (const uri of ['http://a/', 'HTTPS://a//b', 'local:///c?d']) await sources.open(uri, openContext());
  assert.deepEqual(web.opened, ['http://a/', 'HTTPS://a//b']);
  assert.deepEqual(files.opened, ['local:///c?d']);
});

test('a scheme nobody serves, or none, is SOURCE_INVALID', async () => {
  const sources = createSources([fakeSource('http').source]);
  for (const uri of [
    '',
    'a.jpg',
    '/a.jpg',
    'ftp://a/',
    'https://a/',
    ' http://a/',
    'ht tp://a',
    ':x',
    'constructor:x',
  ]) {
    await failureOf(sources.open(uri, openContext()), 'SOURCE_INVALID');
  }
});

test('two sources for one scheme are a mistake', () => {
  assert.throws(() => createSources([fakeSource('http').source, fakeSource('s3', 'http').source]), /http/);
});

test('closing closes each source once', async () => {
  const web = fakeSource('http', 'https');
  const files = fakeSource('local');
  await createSources([web.source, files.source]).close?.();
  assert.deepEqual([web.closed(), files.closed()], [1, 1]);
});
