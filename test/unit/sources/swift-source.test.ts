/** What the contract of sources does not ask of Swift. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Source } from '../../../src/core/ports.ts';
import { swiftSourceSettings } from '../../../src/sources/object-settings.ts';
import { createSwiftSource } from '../../../src/sources/swift-source.ts';
import { type FakeSwift, startFakeSwift, swiftUser } from '../../support/fake-swift.ts';
import { failureOf, openContext, readOriginal } from '../../support/reading.ts';

async function start(t: TestContext): Promise<FakeSwift> {
  const swift = await startFakeSwift();
  t.after(() => swift.close());
  swift.put('pictures', 'a b/ä%#.png', Buffer.from('body'));
  return swift;
}

function open(t: TestContext, changes: object): Source {
  const settings = swiftSourceSettings.parse({ enabled: true, ...swiftUser, ...changes });
  const source = createSwiftSource(settings, { versionSeparator: '?' });
  t.after(() => source.close?.());
  return source;
}

const uri = 'swift://pictures/a b/ä%#.png';
const read = async (source: Source) => String(await readOriginal(await source.open(uri, openContext())));

test('logs in by each version of the identity service, told or found by its URL, once for all', async (t) => {
  const ways: readonly { readonly path: string; readonly authVersion?: number }[] = [
    { path: '/auth/v1.0' },
    { path: '/auth/v1.0', authVersion: 1 },
    { path: '/v2.0' },
    { path: '/v2.0/', authVersion: 2 },
    { path: '/v3' },
    { path: '/v3/', authVersion: 3 },
  ];
  for (const { path, ...version } of ways) {
    const swift = await start(t);
    const source = open(t, { authUrl: swift.url + path, ...version });
    const bodies = await Promise.all(Array.from({ length: 5 }, () => read(source)));
    assert.deepEqual(new Set(bodies), new Set(['body']), path);
    assert.equal(swift.logins.length, 1, path);
  }
});

test('asks for a new token when Swift refuses the old one', async (t) => {
  const swift = await start(t);
  const source = open(t, { authUrl: `${swift.url}/v3` });
  assert.equal(await read(source), 'body');
  swift.expireTokens();
  assert.equal(await read(source), 'body');
  assert.equal(swift.logins.length, 2);
});

test('a login that is refused, or is no login, is our failure and not the picture’s', async (t) => {
  const swift = await start(t);
  for (const changes of [{ apiKey: 'wrong' }, { tenant: 'other' }, { authUrl: `${swift.url}/nothing/v3` }])
    await failureOf(
      open(t, { authUrl: `${swift.url}/v3`, ...changes }).open(uri, openContext()),
      'SOURCE_FAILED',
    );
  const confused = open(t, { authUrl: `${swift.url}/auth/v1.0`, authVersion: 2 });
  const failure = await failureOf(confused.open(uri, openContext()), 'SOURCE_FAILED');
  assert.doesNotMatch(failure.detail ?? '', /sesame/);
  await failureOf(
    open(t, { authUrl: 'http://127.0.0.1:1/v3' }).open(uri, openContext()),
    'SOURCE_UNREACHABLE',
  );
});

test('one who leaves while it logs in takes nobody else along', async (t) => {
  const swift = await start(t);
  const source = open(t, { authUrl: `${swift.url}/v3` });
  const stop = new AbortController();
  const leaving = source.open(uri, openContext({ signal: stop.signal }));
  const staying = read(source);
  stop.abort();
  await failureOf(leaving, 'CANCELLED');
  assert.equal(await staying, 'body');
});

test('sends its tags with quotes, as everybody else has them', async (t) => {
  const swift = await start(t);
  const answer = await open(t, { authUrl: `${swift.url}/v3` }).open(uri, openContext());
  assert.ok(answer.status === 'found');
  assert.match(answer.validators.etag ?? '', /^"[0-9a-f]{32}"$/);
  await readOriginal(answer);
});
