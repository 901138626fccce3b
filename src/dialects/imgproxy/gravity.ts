import type { Compass, Gravity } from '../../core/geometry.ts';
import { badArgument, largestSide, readDecimal } from './arguments.ts';

/** A gravity as URLs write it; `x` and `y` are offsets, or the point of `fp`. */
export interface UrlGravity {
  readonly type: string;
  readonly x: number;
  readonly y: number;
}

/** Compass points by their imgproxy names. The first six, and `sm`, are all that v1 knows. */
export const compassPoints: Readonly<Record<string, Compass>> = {
  ce: 'centre',
  no: 'north',
  so: 'south',
  ea: 'east',
  we: 'west',
  noea: 'north-east',
  nowe: 'north-west',
  soea: 'south-east',
  sowe: 'south-west',
};

const namesOfPoints = new Map(Object.entries(compassPoints).map(([name, point]) => [point, name]));

export const centred: UrlGravity = { type: 'ce', x: 0, y: 0 };

interface GravityReading {
  readonly option: string;
  readonly args: readonly string[];
  /** What the same option said before: offsets that are left out keep their value (those of `fp` are no offsets). */
  readonly before: UrlGravity;
  readonly smart: boolean;
}

/** Reads `type[:x:y]`. @throws PictorError OPTION_INVALID */
export function readGravity({ option, args, before, smart }: GravityReading): UrlGravity {
  const [type = '', ...offsets] = args;
  if (offsets.length > 2) throw badArgument(option, 'too many arguments');
  if (type === 'sm') {
    if (!smart || offsets.length > 0) throw badArgument(option, args.join(':'));
    return { type, x: 0, y: 0 };
  }
  if (type === 'fp') {
    if (offsets.length !== 2) throw badArgument(option, 'fp needs x and y');
    const [x, y] = offsets.map((text) => readShare(option, text));
    return { type, x: x!, y: y! };
  }
  if (!Object.hasOwn(compassPoints, type)) throw badArgument(option, type);
  const kept = before.type === 'fp' ? centred : before;
  return { type, x: readOffset(option, offsets[0], kept.x), y: readOffset(option, offsets[1], kept.y) };
}

function readOffset(option: string, text: string | undefined, before: number): number {
  if (text === undefined || text === '') return before;
  const value = readDecimal(text);
  if (value === null) throw badArgument(option, text);
  return Math.max(-largestSide, Math.min(value, largestSide));
}

function readShare(option: string, text: string): number {
  const value = readDecimal(text);
  if (value === null || value < 0 || value > 1) throw badArgument(option, text);
  return value;
}

/** The gravity of an operation. */
export function toGravity(gravity: UrlGravity): Gravity {
  if (gravity.type === 'sm') return { type: 'smart', strategy: 'attention' };
  if (gravity.type === 'fp') return { type: 'focus', x: gravity.x, y: gravity.y };
  return {
    type: 'compass',
    at: compassPoints[gravity.type]!,
    ...(gravity.x === 0 ? {} : { x: gravity.x }),
    ...(gravity.y === 0 ? {} : { y: gravity.y }),
  };
}

/** `type[:x:y]` for a gravity; null when imgproxy has no word for it. */
export function gravityText(gravity: Gravity): string | null {
  if (gravity.type === 'smart') return gravity.strategy === 'attention' ? 'sm' : null;
  if (gravity.type === 'focus') return `fp:${gravity.x}:${gravity.y}`;
  const name = namesOfPoints.get(gravity.at) ?? null;
  const { x = 0, y = 0 } = gravity;
  return x === 0 && y === 0 ? name : `${name}:${x}:${y}`;
}
