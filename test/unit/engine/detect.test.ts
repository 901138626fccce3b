import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { detectFormat } from '../../../src/engine/job/detect.ts';
import { openInput } from '../../../src/engine/job/input.ts';
import { fixture } from '../../support/engine-jobs.ts';

const detected = async (bytes: Uint8Array) => (await detectFormat(openInput({ bytes }))).name;

test('every format is told by its bytes', async () => {
  const names: Readonly<Record<string, string>> = {
    'photo.jpg': 'jpeg',
    'photo-progressive.jpg': 'jpeg',
    'photo.jxl': 'jxl',
    'box.jxl': 'jxl',
    'photo.png': 'png',
    'photo.webp': 'webp',
    'animated.webp': 'webp',
    'animated.gif': 'gif',
    'sizes.ico': 'ico',
    'photo.heic': 'heic',
    'photo.avif': 'avif',
    '24.bmp': 'bmp',
    'core.bmp': 'bmp',
    'photo.tiff': 'tiff',
    'bomb.svg': 'svg',
  };
  for (const [name, format] of Object.entries(names)) {
    assert.equal(await detected(await readFile(fixture(name))), format, name);
    assert.equal((await detectFormat(openInput({ path: fixture(name) }))).name, format, name);
  }
});

test('every brand of HEIC', async () => {
  const bytes = await readFile(fixture('photo.heic'));
  for (const brand of ['heic', 'heix', 'hevc', 'heim', 'heis', 'hevm', 'hevs', 'mif1']) {
    const branded = Buffer.from(bytes);
    branded.write(brand, 8, 'latin1');
    assert.equal(await detected(branded), 'heic', brand);
  }
  const video = Buffer.from(bytes);
  video.write('isom', 8, 'latin1');
  await assert.rejects(detected(video), { code: 'IMAGE_UNKNOWN' });
});

test('SVG behind marks, declarations, comments and document types, in several encodings', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7"/>';
  const texts = [
    svg,
    ` \n${svg}`,
    `<?xml version="1.0"?>\n${svg}`,
    `<!-- <html> -->\n<!-- second -->${svg}`,
    `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">${svg}`,
    `<!DOCTYPE svg [ <!ENTITY a "b"> ]>${svg}`,
    `<!-- ${'long '.repeat(5000)} -->${svg}`,
    '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>',
  ];
  for (const text of texts) {
    assert.equal(await detected(Buffer.from(text)), 'svg', text.slice(0, 60));
    assert.equal(await detected(Buffer.from(`\ufeff${text}`)), 'svg', `with mark: ${text.slice(0, 60)}`);
    const wide = Buffer.from(`\ufeff${text}`, 'utf16le');
    // The head that is looked at holds half as many letters.
    if (wide.length < 32_768) assert.equal(await detected(wide), 'svg', `UTF-16: ${text.slice(0, 60)}`);
    if (wide.length < 32_768) assert.equal(await detected(wide.swap16()), 'svg', 'UTF-16, big end first');
  }
});
