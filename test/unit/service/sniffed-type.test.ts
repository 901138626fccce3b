import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sniffedType } from '../../../src/service/sniffed-type.ts';

for (const [start, type] of [
  ['\x89PNG\r\n\x1a\nrest', 'image/png'],
  ['\xff\xd8\xff\xe0', 'image/jpeg'],
  ['GIF89a', 'image/gif'],
  ['RIFF\0\0\0\0WEBPVP8 ', 'image/webp'],
  ['BM', 'image/bmp'],
  ['\0\0\x01\0', 'image/x-icon'],
  ['%PDF-1.7', 'application/pdf'],
  [' \n<!doctype html>', 'text/html; charset=utf-8'],
  ['<script>', 'text/html; charset=utf-8'],
  ['<!-- a -->', 'text/html; charset=utf-8'],
  ['<?xml version="1.0"?>', 'text/xml; charset=utf-8'],
  ['<svg xmlns="http://www.w3.org/2000/svg">', 'text/plain; charset=utf-8'],
  ['II*\0\x08\0\0\0', 'application/octet-stream'],
  ['\0\0\0\x20ftypavif', 'application/octet-stream'],
  ['', 'text/plain; charset=utf-8'],
  ['plain words', 'text/plain; charset=utf-8'],
  ['\x1b[1mcolours\x1b[0m', 'text/plain; charset=utf-8'],
] as const) {
  test(`${JSON.stringify(start)} looks like ${type}`, () => {
    assert.equal(sniffedType(Buffer.from(start, 'latin1')), type);
  });
}
