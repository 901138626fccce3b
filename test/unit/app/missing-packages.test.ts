import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDialects } from '../../../src/app/dialects.ts';
import { missingPackages } from '../../../src/app/missing-packages.ts';
import { mountsSettingsFor } from '../../../src/app/mounts.ts';
import { sourcesSettings } from '../../../src/sources/settings.ts';
import { cacheSettings } from '../../../src/stores/settings.ts';

await loadDialects(['vip']);

const cached = (cache: object, ofMount?: object) => ({
  sources: sourcesSettings.parse({}),
  cache: cacheSettings.parse(cache),
  mounts: mountsSettingsFor(['vip']).parse([
    { dialect: 'vip', ...(ofMount === undefined ? {} : { cache: ofMount }) },
  ]),
});
const read = (sources: object) => ({ ...cached({}), sources: sourcesSettings.parse(sources) });
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
  const ofMount = missingPackages(cached({}, { gcs: { bucket: 'b' } }), () => false);
  assert.deepEqual(
    ofMount.map(({ path }) => path),
    ['mounts[0].cache.gcs.bucket'],
  );
});
