import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setUpSharp } from '../../../src/engine/job/sharp-process.ts';
import { looksLikeSvg, recognisableSvg } from '../../../src/engine/job/svg.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import { jobOf } from '../../support/engine-jobs.ts';
import { colourAt } from '../../support/perceptual.ts';

setUpSharp();
const root =
  '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="red"/></svg>';
const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);

const documents: Readonly<Record<string, Uint8Array>> = {
  plain: Buffer.from(root),
  'white space first': Buffer.from(`\n\t  ${root}`),
  declaration: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${root}`),
  'byte order mark': Buffer.from(`\ufeff<?xml version="1.0"?>${root}`),
  comment: Buffer.from(`<!-- <html> -->${root}`),
  'long comment': Buffer.from(`<?xml version="1.0"?><!-- ${'made by a tool '.repeat(200)} -->${root}`),
  doctype: Buffer.from(
    `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">${root}`,
  ),
  'entities of Illustrator': Buffer.from(
    `<!DOCTYPE svg [${'<!ENTITY ns_x "http://ns.adobe.com/x/">\n'.repeat(60)}]>${root}`,
  ),
  'name prefix': Buffer.from(
    '<s:svg xmlns:s="http://www.w3.org/2000/svg" width="8" height="8"><s:rect width="8" height="8" fill="red"/></s:svg>',
  ),
  'UTF-16': utf16(`<?xml version="1.0" encoding="UTF-16"?>${root}`),
  'Latin-1': Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?><!-- \xe4 -->${root}`, 'latin1'),
  'UTF-8 title': Buffer.from(`<?xml version="1.0"?><!-- ${'ö'.repeat(30)} -->${root}`),
};

test('SVG is known by its first element and drawn, however it is written', async (t) => {
  for (const [name, bytes] of Object.entries(documents)) {
    await t.test(name, async () => {
      assert.ok(looksLikeSvg(bytes));
      const { bytes: png, source } = await transform(jobOf({ of: bytes, format: 'png' }));
      assert.deepEqual([source.format, source.width], ['svg', 8]);
      assert.deepEqual(await colourAt(png, { x: 0.5, y: 0.5 }), [255, 0, 0, 255]);
    });
  }
});

test('other text is not SVG', () => {
  for (const text of [
    '',
    '<',
    'svg',
    '<html><svg></svg></html>',
    '<!-- <svg> -->',
    '<svgx>',
    '<!DOCTYPE html><svg/>x'.replace('<svg/>', '<p>'),
    '\x1f\x8b\x08',
    '{"a":"<svg>"}',
  ]) {
    assert.equal(looksLikeSvg(Buffer.from(text, 'latin1')), false, text);
  }
});

test('ordinary documents are handed on untouched', () => {
  const bytes = documents['declaration']!;
  assert.equal(recognisableSvg(bytes), bytes);
});

test('a drawing larger than the limits is drawn smaller, in every format', async (t) => {
  for (const [width, height] of [
    [20_000, 20_000],
    [1_000_000, 5_000],
  ] as const) {
    const of = Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="red"/></svg>`,
    );
    for (const format of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff']) {
      await t.test(`${width}x${height} to ${format}`, async () => {
        const result = await transform(jobOf({ of, operations: [{ op: 'resize', width: 200 }], format }));
        assert.deepEqual([result.width, result.height], [200, (200 * height) / width]);
        const [red, green] = await colourAt(result.bytes, { x: 0.5, y: 0.5 });
        assert.ok(red! > 240 && green! < 15);
      });
    }
  }
});

test('an entity bomb or an endless document type ends', async () => {
  const lol = Array.from({ length: 12 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
  const bomb = `<!DOCTYPE svg [<!ENTITY l0 "lol">${lol}]><svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><text>&l12;</text></svg>`;
  await transform(jobOf({ of: Buffer.from(bomb), format: 'png' })).catch((error: unknown) => {
    assert.equal((error as { code: string }).code, 'IMAGE_BROKEN');
  });
  assert.equal(looksLikeSvg(Buffer.from(`<!DOCTYPE svg ${'['.repeat(15_000)}`)), false);
  assert.equal(looksLikeSvg(Buffer.from('<!DOCTYPE svg "'.repeat(1_000))), false);
});
