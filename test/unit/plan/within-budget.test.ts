/** Which negotiated formats take too long to wait for, and what is given in their place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EncoderOptions, EncodeSpec } from '../../../src/core/format.ts';
import { encodeMilliseconds } from '../../../src/plan/encode-cost.ts';
import { planWithin, withoutFormats } from '../../../src/plan/within-budget.ts';
import { canonicalText } from '../../../src/request/canonical.ts';
import type { ImageRequest, OutputSpec } from '../../../src/request/image-request.ts';
import { encodingSettings } from '../../../src/service/settings.ts';
import { noLimits, sourceOf } from './support.ts';

const preferred = ['jpeg', 'png', 'gif'];
const photo = sourceOf({ format: 'jpeg', width: 8000, height: 8000 });
const usual = encodingSettings.parse({}).budgetMilliseconds;

const request = (width: number, output: OutputSpec): ImageRequest => ({
  source: 'test:',
  operations: [{ op: 'resize', width }],
  output,
});

/** The format a square of this side gets, or what is passed over. */
function given(width: number, output: OutputSpec, { budget = usual, info = photo } = {}): string {
  const planning = planWithin({ request: request(width, output), info, limits: noLimits }, budget);
  if ('passedOver' in planning) return `not ${planning.passedOver.join()}`;
  return 'plan' in planning ? planning.plan.encode.format : 'measure';
}

const spec = (format: string, pixels: number, options: EncoderOptions = {}): EncodeSpec => ({
  format,
  options,
  frames: 1,
  pixels,
});

test('by default negotiated AVIF is given up to two megapixels, and never made to wait for beyond', () => {
  const negotiated = { format: { negotiated: ['avif', 'webp'], preferred } };
  assert.equal(given(1000, negotiated), 'avif');
  assert.equal(given(1414, negotiated), 'avif');
  assert.equal(given(1415, negotiated), 'not avif');
  assert.equal(given(4000, negotiated), 'not avif');
});

test('an effort the mount asks for counts', () => {
  const negotiated = { format: { negotiated: ['avif', 'webp'], preferred } };
  const slow = { ...negotiated, encoder: { avif: { effort: 4 } } };
  assert.equal(given(200, slow), 'avif');
  assert.equal(given(300, slow), 'not avif');
  assert.equal(given(1800, { ...negotiated, encoder: { avif: { effort: 0 } } }, { budget: 400 }), 'avif');
});

test('JPEG XL takes longer still, and both may be passed over', () => {
  const all = { format: { negotiated: ['jxl', 'avif', 'webp'], preferred } };
  assert.equal(given(440, all), 'jxl');
  assert.equal(given(500, all), 'not jxl');
  assert.equal(given(440, { ...all, encoder: { jxl: { effort: 5 } } }), 'not jxl');
  assert.equal(given(2000, all), 'not jxl,avif');
});

test('what a request names itself is never too slow', () => {
  assert.equal(given(4000, { format: { exact: 'avif' } }), 'avif');
  assert.equal(given(4000, { format: { negotiated: ['avif'], exact: 'avif' } }), 'avif');
  assert.equal(given(4000, { format: { preferred: ['avif'] } }), 'avif');
  const avif = { ...photo, format: 'avif' };
  assert.equal(
    given(4000, { format: { negotiated: ['avif'], preferred: ['avif', 'jpeg'] } }, { info: avif }),
    'avif',
  );
});

test('where nothing else can be had, it is waited for', () => {
  const unwritable = new Map([['heic', 'no encoder']]);
  const only = request(4000, { format: { negotiated: ['avif'], exact: 'heic' } });
  const planning = planWithin({ request: only, info: photo, limits: noLimits, unwritable }, usual);
  assert.ok('plan' in planning);
  assert.equal(planning.plan.encode.format, 'avif');
});

test('what needs to be measured is measured first', () => {
  const trimmed: ImageRequest = {
    source: 'test:',
    operations: [{ op: 'trim', threshold: 10 }],
    output: { format: { negotiated: ['avif'], preferred } },
  };
  const question = { request: trimmed, info: photo, limits: noLimits };
  assert.ok('measure' in planWithin(question, usual));
  const found = (side: number) => [{ left: 0, top: 0, width: side, height: side }];
  assert.ok('plan' in planWithin({ ...question, measured: found(100) }, usual));
  assert.ok('passedOver' in planWithin({ ...question, measured: found(4000) }, usual));
});

test('the stand-in is the very variant of a client that does not take the format', () => {
  const formatQuality = { jpeg: 80, webp: 79 };
  const wanted: OutputSpec = {
    format: { negotiated: ['avif', 'webp'], preferred },
    formatQuality: { ...formatQuality, avif: 63 },
    encoder: { avif: { effort: 2 } },
  };
  const plain: OutputSpec = { format: { negotiated: ['webp'], preferred }, formatQuality };
  assert.equal(
    canonicalText(withoutFormats(request(10, wanted), ['avif'])),
    canonicalText(request(10, plain)),
  );
});

test('what the request would give anyway keeps its quality', () => {
  const exact: OutputSpec = { format: { negotiated: ['avif'], exact: 'avif' }, formatQuality: { avif: 63 } };
  const { output } = withoutFormats(request(10, exact), ['avif']);
  assert.deepEqual(output, { format: { exact: 'avif' }, formatQuality: { avif: 63 } });
});

test('the estimate: nothing for what is fast; more pixels, more frames and more effort take longer', () => {
  assert.equal(encodeMilliseconds(spec('jpeg', 1e7)), 0);
  assert.equal(encodeMilliseconds(spec('webp', 1e7)), 0);
  assert.equal(encodeMilliseconds(spec('nothing', 1e7)), 0);
  assert.equal(encodeMilliseconds(spec('avif', 1e6)), 200);
  assert.equal(encodeMilliseconds(spec('avif', 2e6)), 200);
  assert.equal(encodeMilliseconds({ ...spec('avif', 2e6), frames: 3 }), 600);
  const anySize = fc.integer({ min: 1, max: 50_000_000 });
  fc.assert(
    fc.property(anySize, fc.integer({ min: 0, max: 8 }), (pixels, effort) => {
      const at = (more: number) => encodeMilliseconds(spec('avif', pixels, { effort: effort + more }));
      return at(0) < at(1) && at(0) < encodeMilliseconds(spec('avif', pixels + 1, { effort }));
    }),
  );
});
