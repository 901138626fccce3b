import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type S3FailureKind, s3FailureOf } from '../../../src/cloud/s3-failures.ts';

const thrown = (name: string, more: object = {}) => Object.assign(new Error('words'), { name, ...more });
const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

const cases: readonly (readonly [what: string, thrown: unknown, kind: S3FailureKind])[] = [
  ['a missing object', thrown('NoSuchKey', status(404)), 'missing'],
  ['a missing bucket', thrown('NoSuchBucket', status(404)), 'missing'],
  ['a missing version', thrown('NoSuchVersion', status(404)), 'missing'],
  ['404 to HEAD, which has no body', thrown('UnknownError', status(404)), 'missing'],
  ['access denied', thrown('AccessDenied', status(403)), 'denied'],
  ['403 to HEAD', thrown('403', status(403)), 'denied'],
  ['a wrong secret', thrown('SignatureDoesNotMatch', status(403)), 'misconfigured'],
  ['an unknown key', thrown('InvalidAccessKeyId', status(403)), 'misconfigured'],
  ['an expired token', thrown('ExpiredToken', status(400)), 'misconfigured'],
  ['no credentials', thrown('CredentialsProviderError'), 'misconfigured'],
  ['a bucket of another region', thrown('PermanentRedirect', status(301)), 'misconfigured'],
  ['a redirect without a word', thrown('301', status(301)), 'misconfigured'],
  ['a clock that is off', thrown('RequestTimeTooSkewed', status(403)), 'misconfigured'],
  ['an archived object', thrown('InvalidObjectState', status(403)), 'denied'],
  ['a key that is too long', thrown('KeyTooLongError', status(400)), 'refused'],
  ['slow down', thrown('SlowDown', status(503)), 'failed'],
  ['too many requests', thrown('TooManyRequests', status(429)), 'failed'],
  ['an error inside', thrown('InternalError', status(500)), 'failed'],
  ['a page of a proxy', thrown('SyntaxError', { $response: { statusCode: 502 } }), 'failed'],
  ['an answer that is no S3', thrown('SyntaxError', status(200)), 'failed'],
  ['304', thrown('NotModified', status(304)), 'not-modified'],
  ['304 without a name', thrown('UnknownError', status(304)), 'not-modified'],
  ['412', thrown('PreconditionFailed', status(412)), 'changed'],
  ['no answer in time', thrown('TimeoutError'), 'timeout'],
  [
    'a connection that breaks, as the SDK calls it',
    thrown('TimeoutError', { code: 'ECONNRESET' }),
    'unreachable',
  ],
  ['a connection that takes nothing any more', thrown('TimeoutError', { code: 'EPIPE' }), 'unreachable'],
  ['no connection in time, as the SDK calls it', thrown('TimeoutError', { code: 'ETIMEDOUT' }), 'timeout'],
  ['no connection in time', thrown('Error', { code: 'ETIMEDOUT' }), 'timeout'],
  ['refused', thrown('Error', { code: 'ECONNREFUSED' }), 'unreachable'],
  ['refused on several addresses', thrown('AggregateError', { code: 'ECONNREFUSED' }), 'unreachable'],
  ['no such name', thrown('Error', { code: 'ENOTFOUND' }), 'unreachable'],
  ['no descriptor left', thrown('Error', { code: 'EMFILE' }), 'exhausted'],
  ['a bug of the SDK', new TypeError('x is not a function'), 'failed'],
  ['no error at all', 'words', 'failed'],
];

for (const [what, error, kind] of cases) {
  test(`${what}: ${kind}`, () => {
    assert.equal(s3FailureOf(error).kind, kind);
  });
}

test('the detail has code, words and status, for the log', () => {
  const { detail, status: seen } = s3FailureOf(thrown('AccessDenied', status(403)));
  assert.equal(detail, 'AccessDenied: words: status 403');
  assert.equal(seen, 403);
});
