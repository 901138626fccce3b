import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromEnvironment } from '../../../../src/dialects/imgproxy/legacy.ts';
import { sourcesSettings } from '../../../../src/sources/settings.ts';

/** What became of variables, and the sources they make. */
function read(variables: Readonly<Record<string, string>>) {
  const reading = fromEnvironment(variables);
  return { ...reading, sources: sourcesSettings.parse(reading.config['sources']) };
}

test('every variable about S3 has its setting', () => {
  const arn = 'arn:aws:s3:eu-central-1:123456789012:accesspoint/mine';
  const { sources, problems, origins } = read({
    IMGPROXY_USE_S3: 'true',
    IMGPROXY_S3_REGION: 'eu-central-1',
    IMGPROXY_S3_ENDPOINT: 'https://minio.internal:9000',
    IMGPROXY_S3_ENDPOINT_USE_PATH_STYLE: 'false',
    IMGPROXY_S3_ASSUME_ROLE_ARN: 'arn:aws:iam::123456789012:role/reader',
    IMGPROXY_S3_ASSUME_ROLE_EXTERNAL_ID: 'between us',
    IMGPROXY_S3_ALLOWED_BUCKETS: 'a, b',
    IMGPROXY_S3_DENIED_BUCKETS: 'c',
    IMGPROXY_S3_ACCESS_POINTS: `mine=${arn}; other=${arn}`,
    IMGPROXY_SOURCE_URL_QUERY_SEPARATOR: '::',
    IMGPROXY_DOWNLOAD_TIMEOUT: '9',
  });
  assert.deepEqual(problems, []);
  const { s3 } = sources;
  assert.equal(s3.enabled, true);
  assert.equal(s3.region, 'eu-central-1');
  assert.equal(s3.endpoint, 'https://minio.internal:9000');
  assert.equal(s3.pathStyle, false);
  assert.equal(s3.assumeRoleArn, 'arn:aws:iam::123456789012:role/reader');
  assert.equal(s3.assumeRoleExternalId, 'between us');
  assert.deepEqual([s3.allowedBuckets, s3.deniedBuckets], [['a', 'b'], ['c']]);
  assert.deepEqual(s3.accessPoints, { mine: arn, other: arn });
  assert.equal(s3.timeoutSeconds, 9);
  assert.equal(sources.versionSeparator, '::');
  assert.equal(origins['sources.s3.region'], 'IMGPROXY_S3_REGION');
});

test('defaults are those of imgproxy', () => {
  const { sources } = read({ IMGPROXY_USE_S3: '1', IMGPROXY_S3_ENDPOINT: 'minio:9000' });
  assert.equal(sources.s3.endpoint, 'http://minio:9000');
  assert.equal(sources.s3.pathStyle, true);
  assert.equal(sources.s3.fallbackRegion, 'us-west-1');
  assert.equal(sources.s3.timeoutSeconds, 5);
  assert.equal(sources.versionSeparator, '?');
  assert.equal(read({}).sources.s3.enabled, false);
});

test('an empty separator switches versions off', () => {
  assert.equal(read({ IMGPROXY_SOURCE_URL_QUERY_SEPARATOR: '' }).sources.versionSeparator, '');
});

test('the second name of the region is read as the SDK for Go does', () => {
  const regionOf = (more: Readonly<Record<string, string>>) =>
    read({ IMGPROXY_USE_S3: 'true', AWS_DEFAULT_REGION: 'eu-north-1', ...more }).sources.s3.region;
  assert.equal(regionOf({}), 'eu-north-1');
  assert.equal(regionOf({ AWS_REGION: 'eu-west-1' }), '');
  assert.equal(regionOf({ IMGPROXY_S3_REGION: 'eu-west-2' }), 'eu-west-2');
});

test('what cannot be done ends the start', () => {
  const problemsOf = (name: string, value: string) => read({ [`IMGPROXY_${name}`]: value }).problems;
  assert.match(
    problemsOf('S3_USE_DECRYPTION_CLIENT', 'true').join(),
    /^IMGPROXY_S3_USE_DECRYPTION_CLIENT: .*encrypted/,
  );
  assert.deepEqual(problemsOf('S3_USE_DECRYPTION_CLIENT', 'false'), []);
  assert.equal(problemsOf('S3_ACCESS_POINTS', 'nothing').length, 1);
  assert.equal(problemsOf('USE_S3', 'perhaps').length, 1);
});
