import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createValidators, type ValidatorFacts } from '../../../src/http/validators.ts';

const modified = 'Mon, 02 Jan 2023 03:04:05 GMT';
const facts: ValidatorFacts = {
  etag: 'ours',
  lastModified: modified,
  sourceEtag: '"theirs"',
  sourceLastModified: modified,
};
const both = { etag: true, lastModified: true };
const show = (etagBuster: string, more: Partial<ValidatorFacts> = {}, lastModifiedBuster?: number) =>
  createValidators({
    ...both,
    sourceValidators: { etagBuster, ...(lastModifiedBuster === undefined ? {} : { lastModifiedBuster }) },
  })({ ...facts, ...more });

test('usually ours, which are strong', () => {
  assert.deepEqual(createValidators(both)(facts), {
    tag: 'ours',
    etag: '"ours"',
    lastModified: modified,
    strong: true,
  });
});

test("the source's, as they came", () => {
  assert.deepEqual(show(''), { tag: 'theirs', etag: '"theirs"', lastModified: modified, strong: false });
  assert.equal(show('', { sourceEtag: 'W/"weak"' }).etag, 'W/"weak"');
  assert.equal(show('', { sourceEtag: 'W/"weak"' }).tag, 'weak');
  assert.equal(show('', { sourceEtag: 'bare' }).etag, '"bare"');
});

test('ours where the source gives none, or none that is one; then they are strong', () => {
  for (const sourceEtag of [undefined, '', 'two words', '"a"b"', '"ä\n"']) {
    const { etag, strong } = show('', { sourceEtag });
    assert.deepEqual([etag, strong], ['"ours"', true], sourceEtag);
  }
});

for (const [sourceEtag, etag] of [
  ['etag1', '"buster/ZXRhZzE"'],
  ['"loremipsumdolor"', '"buster/ImxvcmVtaXBzdW1kb2xvciI"'],
] as const) {
  test(`a buster in front of the encoded tag: ${sourceEtag}`, () => {
    assert.equal(show('buster', { sourceEtag }).etag, etag);
  });
}

test('a buster changes our tags too', () => {
  assert.equal(show('buster', { sourceEtag: undefined }).tag, 'buster/ours');
});

test('dates: raised to the buster, and dropped when they are none', () => {
  const buster = Date.UTC(2024, 0, 1);
  assert.equal(show('', {}, buster).lastModified, 'Mon, 01 Jan 2024 00:00:00 GMT');
  assert.equal(show('', {}, Date.UTC(2020, 0, 1)).lastModified, modified);
  assert.equal(show('', { sourceLastModified: 'yesterday' }, buster).lastModified, undefined);
  assert.equal(show('', { sourceLastModified: undefined }, buster).lastModified, undefined);
});

test('a picture that headers chose shares no validator with the others of its URL', () => {
  const { tag, lastModified, strong } = show('', { chosen: true });
  assert.deepEqual([tag, lastModified, strong], ['ours', undefined, true]);
});

test('nothing where the mount sends nothing', () => {
  const none = createValidators({ etag: false, lastModified: false, sourceValidators: { etagBuster: '' } });
  assert.deepEqual(none(facts), { strong: false });
});
