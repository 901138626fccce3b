import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sniffedObjectType } from '../../../src/service/object-type.ts';

const box = (brand: string) =>
  Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}`), Buffer.alloc(12)]);

test('pictures and documents are told by their first bytes', () => {
  const types: [Buffer, string][] = [
    [Buffer.from('89504e470d0a1a0a', 'hex'), 'image/png'],
    [Buffer.from('ffd8ffe0', 'hex'), 'image/jpeg'],
    [Buffer.from('GIF89a'), 'image/gif'],
    [Buffer.from('RIFF....WEBPVP8 '), 'image/webp'],
    [Buffer.from('BM......'), 'image/bmp'],
    [box('avif'), 'image/avif'],
    [box('heic'), 'image/heic'],
    [box('mif1'), 'image/heif'],
    [Buffer.from('ff0a', 'hex'), 'image/jxl'],
    [Buffer.from('49492a00', 'hex'), 'image/tiff'],
    [Buffer.from('%PDF-1.7'), 'application/pdf'],
  ];
  for (const [bytes, type] of types) assert.equal(sniffedObjectType(bytes), type);
});

test('nothing else is ever shown as what it seems to be', () => {
  const others = ['<html>', '<!DOCTYPE html><script>', 'plain text', ''].map((text) => Buffer.from(text));
  for (const bytes of [...others, box('mp42'), Buffer.from('504b0304', 'hex')])
    assert.equal(sniffedObjectType(bytes), 'application/octet-stream', bytes.toString('latin1'));
});

const typeOf = (text: string) => sniffedObjectType(Buffer.from(text));

test('drawings are known by their root, whatever stands in front of it', () => {
  const declared =
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "a.dtd" [\n<!ENTITY ns "http://a">\n]>\n<svg>';
  const licensed = `<!-- ${'all rights '.repeat(200)}--><svg>`;
  const plain = ['<svg>', '\ufeff<svg xmlns="x">', '<?xml version="1.0"?>\n<!-- a > b --><svg\n>'];
  for (const text of [...plain, declared, licensed]) assert.equal(typeOf(text), 'image/svg+xml', text);
});

test('pages and other texts are no drawings', () => {
  for (const text of ['<html><svg>', '<svgx>', 'x<svg>', `${' '.repeat(5000)}<svg>`, ''])
    assert.equal(typeOf(text), 'application/octet-stream', text);
});

test('no text takes long', () => {
  for (const text of ['<!---->', '<!--', '<?xml>', ' '])
    assert.equal(typeOf(`<!---->${text.repeat(200)}x`), 'application/octet-stream');
});
