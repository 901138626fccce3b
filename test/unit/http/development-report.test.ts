import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import { developmentReport } from '../../../src/http/development-report.ts';

const cause = new Error('<script>alert("x")</script>');
const error = new PictorError('SOURCE_FAILED', { detail: `"quoted" & <b>bold</b>`, cause });

test('text: what happened, where, and because of what', () => {
  const { contentType, body } = developmentReport(error, { requestId: 'id' });
  assert.equal(contentType, 'text/plain; charset=utf-8');
  assert.ok(body.startsWith('SOURCE_FAILED: "quoted" & <b>bold</b>\n\n'));
  assert.ok(body.includes('development-report.test.ts') && body.includes('Caused by: Error: <script>'));
});

test('a page where the client takes HTML, and nothing in it is taken for HTML', () => {
  const { contentType, body } = developmentReport(error, { requestId: 'id', accept: 'text/html,*/*' });
  assert.equal(contentType, 'text/html; charset=utf-8');
  assert.ok(body.includes('&quot;quoted&quot; &amp; &lt;b&gt;bold&lt;/b&gt;'));
  assert.doesNotMatch(body, /<script|<b>/);
});
