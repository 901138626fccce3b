import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingPackages } from '../../../src/app/missing-packages.ts';
import { sourcesSettings } from '../../../src/sources/settings.ts';

const missing = (sources: object, isInstalled?: (name: string) => boolean) =>
  missingPackages({ sources: sourcesSettings.parse(sources) }, isInstalled).map(({ path }) => path);

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
  const [problem] = missingPackages(
    { sources: sourcesSettings.parse({ gcs: { enabled: true } }) },
    () => false,
  );
  assert.match(problem?.message ?? '', /npm install @google-cloud\/storage$/);
});
