import path from 'node:path';
import type { Operation } from '../../src/operations/index.gen.ts';
import type { TransformJob } from '../../src/plan/engine-port.ts';
import { limitsSettings } from '../../src/plan/settings.ts';
import type { OutputSpec } from '../../src/request/image-request.ts';
import { colourDistance } from './perceptual.ts';

/** Jobs over test/fixtures, short to write. */

export const fixture = (name: string): string => path.join(import.meta.dirname, '../fixtures', name);

export const defaultLimits = limitsSettings.parse({});

export interface JobSpec {
  /** Name in test/fixtures, or bytes. */
  readonly of: string | Uint8Array;
  readonly operations?: readonly Operation[];
  readonly format?: string;
  readonly output?: Omit<OutputSpec, 'format'>;
  readonly limits?: Partial<TransformJob['limits']>;
  /** Further inputs by URI. */
  readonly marks?: TransformJob['inputs'];
}

export function jobOf({ of, operations = [], format, output, limits, marks }: JobSpec): TransformJob {
  return {
    request: {
      source: 'test:original',
      operations,
      output: { ...output, format: format === undefined ? {} : { exact: format } },
    },
    inputs: { ...marks, 'test:original': typeof of === 'string' ? { path: fixture(of) } : { bytes: of } },
    limits: { ...defaultLimits, ...limits },
  };
}

/** Centres of the six patches of the colour fixtures, and the sRGB colours they show. */
export const patches: readonly {
  readonly x: number;
  readonly y: number;
  readonly colour: readonly number[];
}[] = [
  { x: 1 / 6, y: 0.25, colour: [180, 60, 60] },
  { x: 0.5, y: 0.25, colour: [70, 150, 80] },
  { x: 5 / 6, y: 0.25, colour: [60, 80, 160] },
  { x: 1 / 6, y: 0.75, colour: [200, 180, 70] },
  { x: 0.5, y: 0.75, colour: [128, 128, 128] },
  { x: 5 / 6, y: 0.75, colour: [225, 205, 190] },
];

export const isNear = (one: readonly number[], other: readonly number[], distance: number): boolean =>
  colourDistance(one, other) <= distance;
