import assert from 'node:assert/strict';
import type { ImageInfo, ImageLimits } from '../../../src/core/image-info.ts';
import type { Operation } from '../../../src/operations/index.gen.ts';
import { planTransform } from '../../../src/plan/plan.ts';
import type { Plan, Planning } from '../../../src/plan/plan-types.ts';
import type { OutputSpec } from '../../../src/request/image-request.ts';
import { plainInfo } from '../../support/plain-info.ts';

/** Facts of a source: an upright opaque sRGB PNG of 200×100 unless said otherwise. */
export const sourceOf = plainInfo;

export const noLimits: ImageLimits = {
  maxPixels: 0,
  maxSide: 0,
  maxFrames: 0,
  maxFramePixels: 0,
  maxResultPixels: 0,
};

export interface Case {
  readonly info?: ImageInfo;
  readonly operations?: readonly Operation[];
  readonly output?: Partial<OutputSpec>;
  readonly limits?: Partial<ImageLimits>;
  readonly measured?: readonly { left: number; top: number; width: number; height: number }[];
}

/** One round of planning; the output is PNG unless said otherwise. */
export const planning = ({ info, operations = [], output = {}, limits = {}, measured }: Case): Planning =>
  planTransform({
    request: { source: 'test:', operations, output: { format: { exact: 'png' }, ...output } },
    info: info ?? sourceOf(),
    limits: { ...noLimits, ...limits },
    ...(measured === undefined ? {} : { measured }),
  });

/** The plan, where nothing needs to be measured. */
export function planned(question: Case): Plan {
  const answer = planning(question);
  assert.ok('plan' in answer, 'a measurement was asked for');
  return answer.plan;
}
