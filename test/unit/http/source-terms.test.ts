import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createShownHeaders } from '../../../src/http/shown-headers.ts';
import { createSourceTerms } from '../../../src/http/source-terms.ts';
import type { AnswerPolicy, MountPolicy } from '../../../src/request/dialect.ts';

const policyOf = (answers: Partial<AnswerPolicy>): MountPolicy => ({
  signature: null,
  age: { ttlSeconds: 0, passthrough: false, obeyPrivate: false, expires: false },
  etag: true,
  lastModified: true,
  disposition: false,
  gzipLevel: 0,
  allowedSources: [],
  answers: { minSeconds: 0, force: false, shown: [], passed: [], accept: '', ...answers },
});
const passedBy = (answers: Partial<AnswerPolicy>, headers: Record<string, string>) =>
  createSourceTerms(policyOf(answers))({ headers } as never, {}).passed;

test('only what the mount names is passed on, and nothing of the connection', () => {
  const headers = { 'x-mine': '1', 'x-other': '2', range: 'bytes=0-1', host: 'a', 'if-none-match': '"a"' };
  const passed = ['x-mine', 'range', 'host', 'if-none-match', 'x-absent'];
  assert.deepEqual(passedBy({ passed }, headers)?.values, { 'x-mine': '1' });
  assert.equal(passedBy({ passed: [] }, headers), undefined);
});

test('Accept is that of the mount, with that of the client behind it', () => {
  assert.equal(passedBy({ accept: 'image/*' }, { accept: 'image/webp' })?.values['accept'], 'image/*');
  const both = passedBy({ accept: 'image/*', passed: ['accept'] }, { accept: 'image/webp' });
  assert.equal(both?.values['accept'], 'image/*, image/webp');
});

test('who asks is told by Authorization and Cookie, and names hold no secret', () => {
  const mine = passedBy({ passed: ['authorization'] }, { authorization: 'Bearer sesame' });
  assert.equal(mine?.personal, true);
  assert.doesNotMatch(mine?.name ?? '', /sesame/);
  assert.notEqual(
    mine?.name,
    passedBy({ passed: ['authorization'] }, { authorization: 'Bearer other' })?.name,
  );
  assert.equal(passedBy({ passed: ['x-mine'] }, { 'x-mine': '1' })?.personal, false);
});

test('other rules are other keys', () => {
  const nameOf = (answers: Partial<AnswerPolicy>) =>
    createSourceTerms(policyOf(answers))({ headers: {} } as never, {}).rules?.name;
  const names = [{}, { minSeconds: 5 }, { force: true }].map(nameOf);
  assert.equal(new Set(names).size, 3);
  assert.equal(nameOf({ shown: ['Link'] }), nameOf({}));
});

test('headers are shown as the mount writes them; what could break a reply is left out', () => {
  const shown = createShownHeaders(['Cache-Control', 'Link', 'Content-Length', 'X-Odd', 'Etag']);
  const sourceHeaders = {
    'cache-control': 'max-age=5',
    link: '<a>',
    'content-length': '1',
    'x-odd': 'ä',
    etag: '"1"',
    'x-other': '1',
  };
  assert.deepEqual(shown({ sourceHeaders }, false), ['Cache-Control', 'max-age=5', 'Link', '<a>']);
  assert.deepEqual(shown({ sourceHeaders }, true), ['Link', '<a>', 'Cache-Control', 'private, no-store']);
  assert.deepEqual(shown({}, false), []);
});
