import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationDefinition } from '../../../src/core/operation.ts';
import { type Operation, operations } from '../../../src/operations/index.gen.ts';

/** The least each operation needs. */
const least: { readonly [O in Operation as O['op']]: O } = {
  'auto-orient': { op: 'auto-orient' },
  background: { op: 'background', colour: { r: 0, g: 0, b: 0 } },
  blur: { op: 'blur', sigma: 1 },
  cover: { op: 'cover', width: 1 },
  crop: { op: 'crop' },
  extend: { op: 'extend' },
  flip: { op: 'flip' },
  narrow: { op: 'narrow', width: 10 },
  padding: { op: 'padding' },
  pixelate: { op: 'pixelate', size: 4 },
  reframe: { op: 'reframe' },
  resize: { op: 'resize' },
  rotate: { op: 'rotate', angle: 90 },
  sharpen: { op: 'sharpen', sigma: 1 },
  thumbnail: { op: 'thumbnail' },
  trim: { op: 'trim', threshold: 10 },
  watermark: { op: 'watermark', source: 'test:mark' },
};

for (const example of Object.values(least)) {
  const definition: OperationDefinition<Operation> = operations[example.op];
  test(`${definition.name}: the schema takes the least, the defaults spelled out, and nothing unknown`, () => {
    assert.deepEqual(definition.schema().parse(example), example);
    const spelledOut = { ...definition.defaults, ...example };
    assert.deepEqual(definition.schema().parse(spelledOut), spelledOut);
    assert.equal(definition.schema().safeParse({ ...example, colour2: 1 }).success, false);
  });
}

const refused: readonly unknown[] = [
  { op: 'resize', width: -1 },
  { op: 'resize', width: 1.5 },
  { op: 'resize', dpr: 0 },
  { op: 'resize', width: Number.POSITIVE_INFINITY },
  { op: 'resize', type: 'cover' },
  { op: 'reframe', width: -5 },
  { op: 'reframe', crop: { x: Number.NaN } },
  { op: 'crop', width: 5, area: { left: 0, top: 0, width: 1, height: 1 } },
  { op: 'crop', area: { left: 0, top: 0, width: 0, height: 1 } },
  { op: 'crop', gravity: { type: 'focus', x: 0, y: 0 }, corners: { left: 0, top: 0, right: 1, bottom: 1 } },
  { op: 'crop', corners: { left: 0, top: 0, right: 1.1, bottom: 1 } },
  { op: 'cover', width: 0 },
  { op: 'thumbnail', width: -1 },
  { op: 'narrow', width: 0 },
  { op: 'rotate', angle: 45 },
  { op: 'extend', gravity: { type: 'smart', strategy: 'attention' } },
  { op: 'background', colour: { r: 256, g: 0, b: 0 } },
  { op: 'watermark', source: '' },
  { op: 'watermark', source: 'x', opacity: 2 },
  { op: 'blur', sigma: Number.NaN },
];

for (const operation of refused) {
  test(`refused: ${JSON.stringify(operation)}`, () => {
    const { op } = operation as Operation;
    assert.equal(operations[op].schema().safeParse(operation).success, false);
  });
}
