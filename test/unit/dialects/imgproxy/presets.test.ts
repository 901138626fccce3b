import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imgproxySettings } from '../../../../src/dialects/imgproxy/settings.ts';

const issuesOf = (settings: object): string[] => {
  const { error } = imgproxySettings.safeParse(settings);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test('presets are tried out with the settings', () => {
  assert.deepEqual(issuesOf({ presets: { a: 'w:30/pr:b', b: 'q:70/pr:a' } }), []);
  assert.deepEqual(issuesOf({ presets: { a: 'w,30' }, argumentsSeparator: ',' }), []);
  assert.deepEqual(issuesOf({ presets: { fine: 'w:30', wide: 'w:wide', odd: 'foo:1', bare: 'w:30/blur' } }), [
    'presets.odd: imgproxy option foo: unknown option',
    'presets.bare: an option without arguments: blur',
  ]);
  assert.deepEqual(issuesOf({ presets: { wide: 'w:wide' } }), ['presets.wide: imgproxy option w: wide']);
  assert.deepEqual(issuesOf({ presets: { a: 'pr:none' } }), [
    'presets.a: imgproxy option preset: there is none called none',
  ]);
});

test('a preset has no more rights to loosen bounds than a URL', () => {
  const presets = { big: 'msr:100' };
  assert.deepEqual(issuesOf({ presets }), [
    'presets.big: imgproxy option msr: only with allowSecurityOptions',
  ]);
  assert.deepEqual(issuesOf({ presets, allowSecurityOptions: true }), []);
});

test('a date that is none is answered with one', () => {
  assert.deepEqual(issuesOf({ lastModifiedBuster: 'yesterday' }), [
    'lastModifiedBuster: expected a date and time, for instance 2025-06-01T00:00:00Z',
  ]);
  assert.deepEqual(issuesOf({ lastModifiedBuster: '2025-06-01T02:00:00+02:00' }), []);
});
