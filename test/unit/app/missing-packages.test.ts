import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingPackages } from '../../../src/app/missing-packages.ts';
import { sourcesSettings } from '../../../src/sources/settings.ts';
import { cacheSettings } from '../../../src/stores/settings.ts';

const cached = (cache: object) => ({ sources: sourcesSettings.parse({}), cache: cacheSettings.parse(cache) });
const read = (sources: object) => ({
  sources: sourcesSettings.parse(sources),
  cache: cacheSettings.parse({}),
});
const missing = (sources: object, isInstalled?: (name: string) => boolean) =>
  missingPackages(read(sources), isInstalled).map(({ path }) => path);

const abs = { enabled: true, accountName: 'a', accountKey: 'YQ==' };

test('asks for a package only where a setting needs it', () => {
  const none = () => false;
  assert.deepEqual(missing({}, none), []);
  assert.deepEqual(missing({ gcs: { enabled: true, anonymous: true } }, none), []);
  assert.deepEqual(missing({ gcs: { enabled: true }, abs }, none), [
    'sources.gcs.enabled',
    'sources.abs.enabled',
  ]);
  assert.deepEqual(
    missing({ abs: { ...abs, accountKey: '' } }, (name) => name !== '@azure/identity'),
    ['sources.abs.accountKey'],
  );
  assert.deepEqual(missing({ gcs: { enabled: true }, abs }), [], 'both are installed for the tests');
});

test('says what to install', () => {
  const [problem] = missingPackages(read({ gcs: { enabled: true } }), () => false);
  assert.match(problem?.message ?? '', /npm install @google-cloud\/storage$/);
});

test('asks for the packages of caches', () => {
  const paths = (cache: object) => missingPackages(cached(cache), () => false).map(({ path }) => path);
  assert.deepEqual(paths({ gcs: { bucket: 'b' } }), ['cache.gcs.bucket']);
  assert.deepEqual(paths({ gcs: { bucket: 'b', anonymous: true } }), []);
  assert.deepEqual(paths({ abs: { container: 'c', accountName: 'a' } }), [
    'cache.abs.container',
    'cache.abs.accountKey',
  ]);
});
