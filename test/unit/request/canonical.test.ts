import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PictorError } from '../../../src/core/errors.ts';
import type { Gravity } from '../../../src/core/geometry.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import {
  canonicalText,
  freezeRequest,
  parseImageRequest,
  sourcesOf,
} from '../../../src/request/canonical.ts';
import type { ImageRequest, OutputSpec } from '../../../src/request/image-request.ts';

const request = (operations: readonly Operation[], output: Partial<OutputSpec> = {}): ImageRequest => ({
  source: 'https://images.test/a.jpg',
  operations,
  output: { format: { exact: 'webp' }, ...output },
});

const text = (...args: Parameters<typeof request>) => canonicalText(request(...args));

describe('canonical text', () => {
  test('is JSON with sorted names and without defaults', () => {
    assert.equal(
      text([{ op: 'resize', width: 300, type: 'fit', enlarge: false }], { quality: 70, metadata: 'strip' }),
      '{"operations":[{"op":"resize","width":300}],"output":{"format":{"exact":"webp"},"quality":70},"source":"https://images.test/a.jpg"}',
    );
  });

  const same: readonly [name: string, one: ImageRequest, other: ImageRequest][] = [
    [
      'order of fields',
      request([{ op: 'resize', width: 1, height: 2 }]),
      request([{ height: 2, width: 1, op: 'resize' }]),
    ],
    ['zero and absent', request([{ op: 'crop', width: 5, height: 0 }]), request([{ op: 'crop', width: 5 }])],
    [
      'a gravity of centre',
      request([
        {
          op: 'crop',
          width: 5,
          gravity: { type: 'compass', at: 'centre', x: 0, y: -0, rounding: 'half-even' },
        },
      ]),
      request([{ op: 'crop', width: 5 }]),
    ],
    [
      'a gravity without offset',
      request([{ op: 'crop', width: 5, gravity: { type: 'compass', at: 'north', x: 0 } }]),
      request([{ op: 'crop', width: 5, gravity: { type: 'compass', at: 'north' } }]),
    ],
    [
      'a quality for all and one by format',
      request([], { quality: 50, formatQuality: { webp: 70 } }),
      request([], { quality: 50 }),
    ],
    ['empty lists', request([], { encoder: { webp: {} }, formatQuality: {} }), request([])],
    ['a white matte', request([], { matte: { b: 255, g: 255, r: 255 } }), request([])],
    [
      'preferences behind an exact format',
      request([], { format: { exact: 'webp', preferred: ['png'] } }),
      request([], { format: { exact: 'webp', negotiated: [] } }),
    ],
    [
      'ownership where all metadata stays',
      request([], { metadata: 'keep', copyright: false }),
      request([], { metadata: 'keep' }),
    ],
  ];
  for (const [name, one, other] of same) {
    test(`same meaning: ${name}`, () => assert.equal(canonicalText(one), canonicalText(other)));
  }

  const different: readonly [name: string, one: ImageRequest, other: ImageRequest][] = [
    [
      'order of operations',
      request([
        { op: 'blur', sigma: 1 },
        { op: 'flip', horizontal: true },
      ]),
      request([
        { op: 'flip', horizontal: true },
        { op: 'blur', sigma: 1 },
      ]),
    ],
    [
      'rounding of a gravity',
      request([{ op: 'crop', width: 5, gravity: { type: 'compass', at: 'centre', rounding: 'down' } }]),
      request([{ op: 'crop', width: 5 }]),
    ],
    [
      'focus in a corner and centre',
      request([{ op: 'crop', width: 5, gravity: { type: 'focus', x: 0, y: 0 } }]),
      request([{ op: 'crop', width: 5 }]),
    ],
    [
      'order of preference',
      request([], { format: { preferred: ['png', 'jpeg'] } }),
      request([], { format: { preferred: ['jpeg', 'png'] } }),
    ],
    ['ownership', request([], { copyright: false }), request([])],
    ['a still', request([], { frames: 1 }), request([])],
    ['a knob', request([], { encoder: { webp: { effort: 4 } } }), request([])],
  ];
  for (const [name, one, other] of different) {
    test(`different meaning: ${name}`, () => assert.notEqual(canonicalText(one), canonicalText(other)));
  }
});

const gravity: fc.Arbitrary<Gravity> = fc.oneof(
  fc.record(
    {
      type: fc.constant('compass'),
      at: fc.constantFrom('centre', 'north', 'south-east'),
      x: fc.constantFrom(0, 5, -0.25),
      y: fc.constantFrom(0, 1),
      rounding: fc.constantFrom('half-even', 'down'),
    },
    { requiredKeys: ['type', 'at'] },
  ),
  fc.record({ type: fc.constant('focus'), x: fc.constantFrom(0, 0.5), y: fc.constantFrom(0, 1) }),
  fc.record({ type: fc.constant('smart'), strategy: fc.constantFrom('attention', 'entropy') }),
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record(
    {
      op: fc.constant('resize'),
      type: fc.constantFrom('fit', 'fill', 'auto'),
      width: fc.constantFrom(0, 100),
      dpr: fc.constantFrom(1, 2),
      enlarge: fc.boolean(),
      gravity,
    },
    { requiredKeys: ['op'] },
  ),
  fc.record(
    { op: fc.constant('crop'), width: fc.constantFrom(0, 0.5, 10), gravity },
    { requiredKeys: ['op'] },
  ),
  fc.record(
    { op: fc.constant('flip'), horizontal: fc.boolean(), vertical: fc.boolean() },
    { requiredKeys: ['op'] },
  ),
  fc.record({ op: fc.constant('blur'), sigma: fc.constantFrom(1, 1.5) }),
  fc.record(
    { op: fc.constant('watermark'), source: fc.constantFrom('a:', 'b:'), opacity: fc.constantFrom(0.5, 1) },
    { requiredKeys: ['op', 'source'] },
  ),
);

const anyRequest: fc.Arbitrary<ImageRequest> = fc.record({
  source: fc.constantFrom('https://images.test/a.jpg', 'local:///b "quoted".png'),
  operations: fc.array(operation, { maxLength: 3 }),
  output: fc.record(
    {
      format: fc.record(
        {
          exact: fc.constantFrom('webp', 'jpeg'),
          preferred: fc.constant(['png']),
          negotiated: fc.constant(['avif']),
        },
        { requiredKeys: [] },
      ),
      quality: fc.constantFrom(50, 80),
      formatQuality: fc.constantFrom({}, { webp: 70 }),
      frames: fc.constantFrom(1, 5),
      metadata: fc.constantFrom('strip', 'keep'),
      copyright: fc.boolean(),
    },
    { requiredKeys: ['format'] },
  ),
});

describe('any request', () => {
  test('its text reads back as a request of the same text', () => {
    fc.assert(
      fc.property(anyRequest, (one) => {
        const canonical = canonicalText(one);
        assert.equal(canonicalText(parseImageRequest(JSON.parse(canonical))), canonical);
      }),
    );
  });

  test('every field that is changed to another meaning changes the text', () => {
    const changes: readonly ((one: ImageRequest) => ImageRequest)[] = [
      (one) => ({ ...one, source: `${one.source}?` }),
      (one) => ({ ...one, operations: [...one.operations, { op: 'flip', horizontal: true }] }),
      (one) => ({ ...one, operations: [{ op: 'resize', width: 7 }, ...one.operations] }),
      (one) => ({ ...one, output: { ...one.output, quality: 51 } }),
      (one) => ({ ...one, output: { ...one.output, frames: 2 } }),
      (one) => ({ ...one, output: { ...one.output, highDepth: true } }),
      (one) => ({ ...one, output: { ...one.output, profile: 'keep' } }),
      (one) => ({ ...one, output: { ...one.output, matte: { r: 0, g: 0, b: 0 } } }),
      (one) => ({ ...one, output: { ...one.output, format: { ...one.output.format, exact: 'png' } } }),
    ];
    fc.assert(
      fc.property(anyRequest, fc.constantFrom(...changes), (one, change) => {
        assert.notEqual(canonicalText(one), canonicalText(change(one)));
      }),
    );
  });
});

describe('parseImageRequest', () => {
  test('gives a frozen copy', () => {
    const given = {
      source: 'a:',
      operations: [{ op: 'crop', area: { left: 0, top: 0, width: 1, height: 1 } }],
      output: { format: {} },
    };
    const parsed = parseImageRequest(given);
    assert.deepEqual(parsed, given);
    assert.ok(
      Object.isFrozen(parsed) && Object.isFrozen(parsed.operations) && Object.isFrozen(parsed.operations[0]),
    );
    assert.throws(
      () => Object.assign((parsed.operations[0] as { area: object }).area, { left: 5 }),
      TypeError,
    );
    assert.equal(given.operations[0]!.area.left, 0);
  });

  const refused: readonly unknown[] = [
    null,
    {},
    { source: '', operations: [], output: { format: {} } },
    { source: 'a:', operations: [{ op: 'explode' }], output: { format: {} } },
    { source: 'a:', operations: [{ op: 'resize', wdith: 5 }], output: { format: {} } },
    { source: 'a:', operations: [], output: { format: { exact: 'bpm' } } },
    { source: 'a:', operations: [], output: { format: {}, quality: 0 } },
    { source: 'a:', operations: [], output: { format: {}, formatQuality: { web: 70 } } },
    { source: 'a:', operations: [], output: { format: {}, encoder: { webp: { speed: 3 } } } },
    { source: 'a:', operations: [], output: { format: {} }, signature: 'x' },
  ];
  for (const value of refused) {
    test(`refuses ${JSON.stringify(value)}`, () => {
      assert.throws(
        () => parseImageRequest(value),
        (error) =>
          error instanceof PictorError && error.code === 'OPTION_INVALID' && error.detail !== undefined,
      );
    });
  }
});

test('freezeRequest leaves the original alone', () => {
  const one = request([{ op: 'flip', horizontal: true }]);
  const frozen = freezeRequest(one);
  assert.deepEqual(frozen, one);
  assert.ok(Object.isFrozen(frozen.output) && !Object.isFrozen(one.output));
});

test('sourcesOf names the original first and each source once', () => {
  const mark: Operation = { op: 'watermark', source: 'local:///mark.png' };
  assert.deepEqual(sourcesOf(request([mark, { op: 'blur', sigma: 1 }, mark])), [
    'https://images.test/a.jpg',
    'local:///mark.png',
  ]);
});
