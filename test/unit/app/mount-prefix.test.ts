import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsSchema } from '../../../src/app/settings.ts';

const takes = (prefix: string): boolean =>
  settingsSchema.safeParse({ mounts: [{ prefix, dialect: 'imgproxy' }] }).success;

test('a prefix is one that a client can send', () => {
  for (const prefix of [
    '',
    '/',
    '/img',
    '/img/',
    '/a/b.c/d-e_f~',
    '/two%20words',
    '/%C3%A9',
    "/a:b@c;d=e,f'(g)*!",
  ])
    assert.ok(takes(prefix), prefix);
  for (const prefix of [
    'img',
    '//',
    '/a//b',
    '/two words',
    '/\u00e9',
    '/50%',
    '/%zz',
    '/a?b',
    '/a#b',
    '/a\n',
  ])
    assert.ok(!takes(prefix), prefix);
});
