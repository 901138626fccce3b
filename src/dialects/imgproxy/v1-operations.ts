import type { Gravity } from '../../core/geometry.ts';
import type { Operation } from '../../operations/index.gen.ts';
import { largestSide } from './arguments.ts';
import { compassPoints } from './gravity.ts';
import type { ImgproxyRules } from './rules.ts';

export type V1Type = 'fit' | 'fill' | 'crop';

export interface V1Wish {
  readonly type: V1Type;
  /** Pixels, not negative; 0: follows from the other side. */
  readonly width: number;
  readonly height: number;
  /** `ce`, `no`, `so`, `ea`, `we` or `sm`. */
  readonly gravity: string;
  readonly enlarge: boolean;
}

/** The operations of a v1 path. `crop` cuts without scaling and so never enlarges. */
export function v1Operations(wish: V1Wish, rules: ImgproxyRules): readonly Operation[] {
  const { type } = wish;
  const box = { ...side('width', wish.width), ...side('height', wish.height) };
  const operations: Operation[] = [];
  if (rules.autoRotate) operations.push({ op: 'auto-orient' });
  if (wish.width === 0 && wish.height === 0) return operations;
  const gravity = gravityOf(wish.gravity);
  if (type === 'crop') return [...operations, { op: 'crop', ...box, gravity }];
  const enlarge = wish.enlarge ? { enlarge: true } : {};
  if (type === 'fit') return [...operations, { op: 'resize', ...box, ...enlarge }];
  const cuts = wish.width > 0 && wish.height > 0;
  return [...operations, { op: 'resize', type, ...box, ...enlarge, ...(cuts ? { gravity } : {}) }];
}

const side = <Name extends string>(name: Name, length: number): { [N in Name]?: number } =>
  (length === 0 ? {} : { [name]: Math.min(length, largestSide) }) as { [N in Name]?: number };

/** v1 cut the half pixel of a centred window off, v4 rounds it to even. */
const gravityOf = (name: string): Gravity =>
  name === 'sm'
    ? { type: 'smart', strategy: 'attention' }
    : { type: 'compass', at: compassPoints[name]!, rounding: 'down' };
