import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, errorCatalogue, PictorError } from '../../../src/core/errors.ts';
import { type ErrorStyle, neutralErrorReply, renderError } from '../../../src/http/errors.ts';

const codes = Object.keys(errorCatalogue) as ErrorCode[];
const style: ErrorStyle = {
  errors: {
    URL_INVALID: { status: 404, body: 'Invalid URL' },
    SOURCE_REFUSED: { status: 'upstream', body: 'Source is unreachable' },
  },
  otherwise: 'catalogue',
  contentType: 'text/plain; charset=x',
};

const headerOf = (headers: readonly string[], name: string): string | undefined =>
  headers[headers.indexOf(name) + 1];
const secret = { detail: '/etc/passwd 10.0.0.1', cause: new Error('library text') };

for (const code of codes) {
  test(`${code} neutral: status and text of the catalogue, the id, nothing of the detail, not to be cached`, () => {
    const { status, headers, body } = neutralErrorReply(new PictorError(code, secret), 'id-9');
    assert.equal(status, errorCatalogue[code].status);
    assert.equal(body, `${errorCatalogue[code].message}\n\nRequest id: id-9\n`);
    assert.doesNotMatch(`${body} ${headers.join()}`, /passwd|10\.0\.0\.1|library/);
    assert.equal(headerOf(headers, 'Cache-Control'), 'no-store');
    assert.equal(headerOf(headers, 'X-Content-Type-Options'), 'nosniff');
    assert.equal(headerOf(headers, 'X-Request-ID'), 'id-9');
  });
}

test('a dialect answers in its own words', () => {
  const { status, headers, body } = renderError(new PictorError('URL_INVALID'), style, { requestId: 'id' });
  assert.deepEqual(
    [status, body, headerOf(headers, 'Content-Type')],
    [404, 'Invalid URL', 'text/plain; charset=x'],
  );
});

test('what a dialect does not list: the catalogue, or its one answer for the rest', () => {
  const listed = renderError(new PictorError('IMAGE_BROKEN'), style, { requestId: 'id' });
  assert.deepEqual([listed.status, listed.body], [422, 'Broken or unsupported image']);
  const rest = { ...style, otherwise: { status: 500, body: 'Internal error' } };
  const other = renderError(new PictorError('IMAGE_BROKEN'), rest, { requestId: 'id' });
  assert.deepEqual([other.status, other.body], [500, 'Internal error']);
});

test("the source's status is passed on where it is an error, and only then", () => {
  const statusFor = (upstreamStatus?: number) =>
    renderError(
      new PictorError('SOURCE_REFUSED', upstreamStatus === undefined ? {} : { upstreamStatus }),
      style,
      { requestId: 'id' },
    ).status;
  assert.deepEqual([403, 451, 599].map(statusFor), [403, 451, 599]);
  assert.deepEqual([undefined, 200, 304, 999, 0].map(statusFor), [502, 502, 502, 502, 502]);
});

test('Retry-After is whole seconds, at least one', () => {
  const retryAfter = (retryAfterSeconds: number) =>
    headerOf(
      renderError(new PictorError('BUSY', { retryAfterSeconds }), null, { requestId: 'id' }).headers,
      'Retry-After',
    );
  assert.deepEqual([0, 0.2, 1.5, 30].map(retryAfter), ['1', '1', '2', '30']);
  assert.equal(
    renderError(new PictorError('BUSY'), null, { requestId: 'id' }).headers.includes('Retry-After'),
    false,
  );
});

test('405 says what is allowed', () => {
  const { headers } = renderError(new PictorError('METHOD_NOT_ALLOWED'), null, { requestId: 'id' });
  assert.equal(headerOf(headers, 'Allow'), 'GET, HEAD, OPTIONS');
});
