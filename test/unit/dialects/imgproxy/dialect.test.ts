import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PictorError } from '../../../../src/core/errors.ts';
import { imgproxy, withSignature } from '../../../../src/dialects/imgproxy/dialect.ts';
import { imgproxySettings } from '../../../../src/dialects/imgproxy/settings.ts';
import { v4Options } from '../../../../src/dialects/imgproxy/v4-options.ts';
import { canonicalText, parseImageRequest } from '../../../../src/request/canonical.ts';
import type { ImageRequest } from '../../../../src/request/image-request.ts';

const v4 = imgproxySettings.parse({});
const v1 = imgproxySettings.parse({ compat: 'v1' });
const signed = imgproxySettings.parse({ keys: [{ key: '6b', salt: '73' }] });
const target = (path: string) => ({ raw: path, path, query: '' });
const refuses = (code: string) => (thrown: unknown) => thrown instanceof PictorError && thrown.code === code;

test('whatever is asked for, it is answered or refused by one of our errors', () => {
  const part = fc.oneof(
    fc.constantFrom(
      'unsafe',
      'fit',
      'fill',
      'crop',
      'plain',
      'http:',
      '',
      'a.b',
      'ce',
      '0',
      '300',
      '%',
      '%2F',
      '@png',
      '.png',
    ),
    fc
      .tuple(fc.constantFrom(...v4Options.flatMap(({ names }) => names)), fc.string({ maxLength: 8 }))
      .map((pair) => pair.join(':')),
    fc.string({ maxLength: 12 }),
    fc.base64String().map((text) => text.replaceAll('=', '')),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 10 }), fc.constantFrom(v4, v1, signed), (parts, settings) => {
      try {
        const { image } = imgproxy.parse(target(`/${parts.join('/')}`), settings, {});
        parseImageRequest(image);
      } catch (thrown) {
        assert.ok(thrown instanceof PictorError && !thrown.code.startsWith('INTERNAL'), String(thrown));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a URL for a request gives the request', () => {
  const side = fc.integer({ min: 0, max: 5000 });
  const path = fc
    .record({
      type: fc.constantFrom('fit', 'fill', 'fill-down', 'force', 'auto'),
      width: side,
      height: side,
      enlarge: fc.constantFrom('', ':0', ':1', ':1:1', ':0:1:noea:0.5:-3'),
      gravity: fc.constantFrom('', '/g:sm', '/g:fp:0.1:1e-7', '/g:soea:3:0.25'),
      quality: fc.constantFrom('', '/q:1', '/q:80', '/q:100'),
      source: fc.webUrl({ withQueryParameters: true, withFragments: true }),
      format: fc.constantFrom('', '@jpg', '@webp', '@avif', '@png', '@gif', '@tiff'),
    })
    .map(
      ({ type, width, height, enlarge, gravity, quality, source, format }) =>
        `/unsafe/rs:${type}:${width}:${height}${enlarge}${gravity}${quality}/plain/${encodeURIComponent(source)}${format}`,
    );
  fc.assert(
    fc.property(path, fc.constantFrom(v4, v1), (given, settings) => {
      const { image } = imgproxy.parse(target(given), settings, {});
      const canonical = imgproxy.format(image, settings);
      assert.equal(
        canonicalText(imgproxy.parse(target(canonical), settings, {}).image),
        canonicalText(image),
      );
      assert.equal(
        imgproxy.format(imgproxy.parse(target(canonical), settings, {}).image, settings),
        canonical,
      );
    }),
  );
});

/** Options of a URL, each said once or not at all, in any order. */
const anyOptions = (() => {
  const number = fc.oneof(
    fc.integer({ min: 0, max: 300 }),
    fc.double({ min: 1e-7, max: 300, noNaN: true, maxExcluded: true }),
  );
  const offset = fc.oneof(fc.constant(''), fc.double({ min: -50, max: 50, noNaN: true }).map(String));
  const compass = fc.constantFrom('ce', 'no', 'so', 'ea', 'we', 'noea', 'nowe', 'soea', 'sowe');
  const side = fc.integer({ min: 0, max: 5000 });
  const flag = fc.constantFrom('0', '1');
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const place = fc.tuple(compass, offset, offset).map((parts) => parts.join(':'));
  const point = fc.tuple(share, share).map(([x, y]) => `fp:${x}:${y}`);
  const cut = fc.oneof(place, point, fc.constant('sm'));
  const laid = fc.oneof(place, point);
  const colour = fc.integer({ min: 0, max: 0xffffff }).map((value) => value.toString(16).padStart(6, '0'));
  const format = fc.constantFrom('jpg', 'png', 'webp', 'avif', 'gif', 'tiff');
  const option = (name: string, ...args: fc.Arbitrary<string | number>[]) =>
    fc.tuple(...args).map((values) => `${name}:${values.join(':')}`);
  return fc
    .subarray([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    ])
    .chain((chosen) => {
      const all = [
        option('rs', fc.constantFrom('fit', 'fill', 'fill-down', 'force', 'auto'), side, side, flag),
        option('mw', side),
        option('mh', side),
        option(
          'z',
          fc.double({ min: 0.01, max: 9, noNaN: true }),
          fc.double({ min: 0.01, max: 9, noNaN: true }),
        ),
        option('dpr', fc.double({ min: 0.01, max: 9, noNaN: true })),
        option('ex', flag, laid),
        option('exar', flag, laid),
        option('g', cut),
        option('c', number, number),
        option('c', number, number, cut),
        option('t', number, colour, flag, flag),
        option('pd', side, side, side, side),
        option('ar', flag),
        option('rot', fc.constantFrom(0, 90, 180, 270)),
        option('fl', flag, flag),
        option('bg', colour),
        option('bl', number),
        option('sh', number),
        option('pix', side),
        option(
          'wm',
          share,
          fc.oneof(compass, fc.constant('re')),
          offset,
          offset,
          fc.double({ min: 0, max: 9, noNaN: true }),
        ),
        option('sm', flag).chain((one) => option('kcr', flag).map((two) => `${one}/${two}`)),
        option('scp', flag),
        option('q', fc.integer({ min: 0, max: 100 })),
        option('fq', format, fc.integer({ min: 0, max: 100 })),
        option('mb', side),
        option('f', format),
        option('skp', format, format),
      ];
      return fc.tuple(...chosen.map((index) => all[index]!));
    })
    .map((texts) => texts.join('/'));
})();

const rich = {
  ...imgproxySettings.parse({
    watermarkOpacity: 0.7,
    presets: { default: 'rs:fill:20:30:1:1:so:1:2/g:no:3:4/q:50/bl:2/pd:1/sm:0/rot:90/t:5' },
  }),
  assets: { watermark: 'asset:4d' },
};

test('whatever the options say, a URL says again, under any settings', () => {
  fc.assert(
    fc.property(anyOptions, fc.constantFrom(v4, rich, { ...v4, autoRotate: false }), (options, settings) => {
      const given = `/unsafe/${options === '' ? '' : `${options}/`}plain/http://a.example/b.jpg`;
      const { image } = imgproxy.parse(target(given), settings, {});
      parseImageRequest(image);
      const canonical = imgproxy.format(image, settings);
      const again = imgproxy.parse(target(canonical), settings, {}).image;
      assert.equal(canonicalText(again), canonicalText(image));
      assert.equal(imgproxy.format(again, settings), canonical);
    }),
    { numRuns: 500 },
  );
});

test('what imgproxy URLs cannot say is refused, not bent', () => {
  const plain: ImageRequest = {
    source: 'http://a.example/b.jpg',
    operations: [{ op: 'auto-orient' }],
    output: { format: { exact: 'png' } },
  };
  assert.equal(imgproxy.format(plain, v4), '/unsafe/plain/http://a.example/b.jpg@png');
  const others: readonly ImageRequest[] = [
    { ...plain, operations: [{ op: 'blur', sigma: 3 }, { op: 'auto-orient' }] },
    { ...plain, operations: [...plain.operations, { op: 'blur', sigma: 3 }, { op: 'blur', sigma: 3 }] },
    { ...plain, operations: [...plain.operations, { op: 'watermark', source: 'http://a.example/mark' }] },
    { ...plain, operations: [...plain.operations, { op: 'background', colour: { r: 1, g: 2.5, b: 3 } }] },
    { ...plain, output: { ...plain.output, frames: 4 } },
    { ...plain, limits: { maxPixels: 1000 } },
    { ...plain, output: { ...plain.output, matte: { r: 1, g: 2, b: 3 } } },
    { ...plain, source: 'no-scheme.jpg' },
    { ...plain, source: 'asset:4d' },
  ];
  for (const image of others) {
    assert.throws(() => imgproxy.format(image, v4), refuses('OPTION_INVALID'), JSON.stringify(image));
  }
});

test('the grant of a path is known even where the path is refused', () => {
  const broken = target('/AAAA/w:abc/plain/http:/x/a%20b');
  assert.throws(() => imgproxy.parse(broken, signed, {}), refuses('OPTION_INVALID'));
  assert.deepEqual(imgproxy.grantOf?.(broken, signed), {
    type: 'hmac',
    message: '/w:abc/plain/http://x/a%20b',
    signature: 'AAAA',
  });
  assert.deepEqual(imgproxy.grantOf?.(broken, v4), { type: 'none' });
  assert.throws(() => imgproxy.grantOf?.(target('/AAAA'), signed), refuses('URL_INVALID'));
});

test('version 1 signs the path with its escapes resolved, slashes in the source included', () => {
  const source = 'aHR0cDovL2E/uZXhhbXBsZS9i';
  const { grant } = imgproxy.parse(target(`/AAAA/fit/1/1/%63e/0/${source}.png`), signed, {});
  assert.deepEqual(grant, { type: 'hmac', message: `/fit/1/1/ce/0/${source}.png`, signature: 'AAAA' });
});

test('a forgotten signature is only told where none is checked', () => {
  const forgotten = target('/w:30/plain/http://a.example/b');
  assert.throws(() => imgproxy.parse(forgotten, v4, {}), refuses('SIGNATURE_MISPLACED'));
  assert.equal(imgproxy.parse(forgotten, signed, {}).grant.type, 'hmac');
});

test('a signature takes the place of the one there is', () => {
  assert.equal(withSignature('/unsafe/w:1/plain/local:///a', '$&_x-'), '/$&_x-/w:1/plain/local:///a');
});

test('no name of an option is taken twice', () => {
  const names = v4Options.flatMap((option) => option.names);
  assert.equal(new Set(names).size, names.length);
});

test('no URL of the length a server takes keeps the parser busy', { timeout: 20_000 }, () => {
  const run = (text: string) => text.repeat(Math.ceil(32_000 / text.length));
  const tails = [
    '=',
    'a=',
    '%',
    '%25',
    '%E9',
    ':',
    '/',
    'w:1/',
    '@',
    '.',
    'plain/',
    '%3A',
    '+',
    'http:/',
    '\u00fc',
  ];
  for (const tail of tails) {
    for (const path of [`/s/${run(tail)}x`, `/s/plain/${run(tail)}x`, `/s/fit/1/1/ce/0/${run(tail)}x`]) {
      // Quadratic work over 32,000 letters takes a second; twenty times that for one path would end in the timeout.
      for (let turn = 0; turn < 20; turn++) answersOrRefuses(path);
    }
  }
});

function answersOrRefuses(path: string): void {
  try {
    imgproxy.parse(target(path), v4, {});
  } catch (thrown) {
    assert.ok(thrown instanceof PictorError, String(thrown));
  }
}

test('a list of options names options', () => {
  const read = (...allowedProcessingOptions: string[]) =>
    imgproxySettings.safeParse({ allowedProcessingOptions });
  const names = v4Options.flatMap((option) => option.names);
  assert.deepEqual(read(...names, 'dpi').data?.allowedProcessingOptions, [...names, 'dpi']);
  assert.deepEqual(
    read('w', 'widht', '').error?.issues.map(({ path, message }) => [path[1], message]),
    [1, 2].map((place) => [place, 'expected the name of an option, as URLs spell it']),
  );
});
