import { readFileSync } from 'node:fs';
import type { Gravity, Orientation, Size } from '../../src/core/geometry.ts';
import type { Operation } from '../../src/operations/index.gen.ts';

interface Geometry {
  readonly sizes: readonly {
    readonly name: string;
    readonly authority: string;
    readonly source: Size & { readonly orientation?: Orientation };
    readonly operations: readonly Operation[];
    readonly expect: Size;
  }[];
  readonly positions: readonly {
    readonly name: string;
    readonly authority: string;
    readonly outer: Size;
    readonly inner: Size;
    readonly gravity: Gravity;
    readonly factor?: number;
    readonly expect: { readonly left: number; readonly top: number };
  }[];
}

/** A file of test/golden, by its name without ending. */
export const golden = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8'));

/** Sizes and positions the older servers give. */
export const goldenGeometry = golden('geometry') as Geometry;
