import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sniffedObjectType } from '../../../src/service/object-type.ts';

const typeOf = (text: string) => sniffedObjectType(Buffer.from(text));

test('drawings are known by their root, whatever stands in front of it', () => {
  for (const text of ['<svg>', '\ufeff<svg xmlns="x">', '<?xml version="1.0"?>\n<!-- a > b --><svg\n>'])
    assert.equal(typeOf(text), 'image/svg+xml', text);
});

test('pages and other texts are no drawings', () => {
  for (const text of ['<html><svg>', '<svgx>', 'x<svg>', `${' '.repeat(2000)}<svg>`, ''])
    assert.equal(typeOf(text), 'application/octet-stream', text);
});

test('no text takes long', () => {
  for (const text of ['<!---->', '<!--', '<?xml>', ' '])
    assert.equal(typeOf(`<!---->${text.repeat(200)}x`), 'application/octet-stream');
});
