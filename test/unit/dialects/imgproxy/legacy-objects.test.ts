import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsSchema } from '../../../../src/app/settings.ts';
import { fromEnvironment } from '../../../../src/dialects/imgproxy/legacy.ts';

const read = (variables: Readonly<Record<string, string>>) =>
  fromEnvironment(
    Object.fromEntries(
      Object.entries(variables).map(([name, text]) => [
        name.startsWith('IMGRPOXY_') ? name : `IMGPROXY_${name}`,
        text,
      ]),
    ),
  );

const sourcesOf = (variables: Readonly<Record<string, string>>) => {
  const { config, problems } = read(variables);
  assert.deepEqual(problems, []);
  return settingsSchema.parse(config).sources;
};

test('objects at Google: every variable', () => {
  const { gcs } = sourcesOf({
    USE_GCS: 'true',
    GCS_KEY: '{"type":"service_account"}',
    GCS_ENDPOINT: 'http://gcs.internal:4443/storage/v1/',
    GCS_ALLOWED_BUCKETS: 'a, b',
    GCS_DENIED_BUCKETS: 'c',
    DOWNLOAD_TIMEOUT: '7',
  });
  assert.deepEqual(gcs, {
    enabled: true,
    credentials: '{"type":"service_account"}',
    anonymous: false,
    endpoint: 'http://gcs.internal:4443/storage/v1/',
    allowedBuckets: ['a', 'b'],
    deniedBuckets: ['c'],
    timeoutSeconds: 7,
  });
});

test('objects at Azure: every variable', () => {
  const { abs } = sourcesOf({
    USE_ABS: '1',
    ABS_NAME: 'account',
    ABS_KEY: 'a2V5',
    ABS_ENDPOINT: 'https://blobs.internal',
    ABS_ALLOWED_BUCKETS: 'a',
    ABS_DENIED_BUCKETS: 'b,c',
  });
  assert.deepEqual(abs, {
    enabled: true,
    accountName: 'account',
    accountKey: 'a2V5',
    endpoint: 'https://blobs.internal',
    allowedBuckets: ['a'],
    deniedBuckets: ['b', 'c'],
    timeoutSeconds: 5,
    maxAttempts: 3,
  });
});

test('objects in Swift: every variable', () => {
  const { swift } = sourcesOf({
    USE_SWIFT: 'true',
    SWIFT_USERNAME: 'user',
    SWIFT_API_KEY: 'key',
    SWIFT_AUTH_URL: 'https://keystone.internal/v3',
    SWIFT_AUTH_VERSION: '3',
    SWIFT_TENANT: 'tenant',
    SWIFT_DOMAIN: 'domain',
    SWIFT_CONNECT_TIMEOUT_SECONDS: '4',
    SWIFT_TIMEOUT_SECONDS: '3',
    SWIFT_ALLOWED_BUCKETS: 'a',
    SWIFT_DENIED_BUCKETS: 'b',
  });
  assert.deepEqual(swift, {
    enabled: true,
    authUrl: 'https://keystone.internal/v3',
    authVersion: 3,
    username: 'user',
    apiKey: 'key',
    tenant: 'tenant',
    domain: 'domain',
    allowedBuckets: ['a'],
    deniedBuckets: ['b'],
    connectTimeoutSeconds: 4,
    timeoutSeconds: 3,
  });
});

test('no download from Swift takes longer than any download may', () => {
  const swift = { USE_SWIFT: 'true', SWIFT_AUTH_URL: 'https://keystone.internal' };
  assert.equal(sourcesOf(swift).swift.timeoutSeconds, 5);
  assert.equal(
    sourcesOf({ ...swift, SWIFT_TIMEOUT_SECONDS: '60', DOWNLOAD_TIMEOUT: '9' }).swift.timeoutSeconds,
    9,
  );
});

test('two variables that the manual misspells are read in both spellings, the right one first', () => {
  const swift = { USE_SWIFT: 'true', SWIFT_AUTH_URL: 'https://keystone.internal' };
  const misspelt = { IMGRPOXY_SWIFT_CONNECT_TIMEOUT_SECONDS: '2', IMGRPOXY_SWIFT_TIMEOUT_SECONDS: '3' };
  const { connectTimeoutSeconds, timeoutSeconds } = sourcesOf({ ...swift, ...misspelt }).swift;
  assert.deepEqual([connectTimeoutSeconds, timeoutSeconds], [2, 3]);
  assert.equal(sourcesOf({ ...swift, ...misspelt, SWIFT_TIMEOUT_SECONDS: '4' }).swift.timeoutSeconds, 4);
  assert.deepEqual(read({ ...swift, IMGRPOXY_SWIFT_TIMEOUT_SECONDS: 'long' }).problems, [
    'IMGRPOXY_SWIFT_TIMEOUT_SECONDS: expected a whole number from 0, got "long"',
  ]);
});

test('what a store cannot do without goes by its variable where it is left out', () => {
  const { origins } = read({ USE_ABS: 'true', USE_SWIFT: 'true' });
  assert.equal(origins['sources.abs.accountName'], 'IMGPROXY_ABS_NAME');
  assert.equal(origins['sources.swift.authUrl'], 'IMGPROXY_SWIFT_AUTH_URL');
  for (const enough of [{ USE_GCS: 'true' }, { USE_ABS: 'true', ABS_ENDPOINT: 'http://abs.internal/a' }])
    assert.ok(!('sources.abs.accountName' in read(enough).origins));
});
