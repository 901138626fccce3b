import type { Compass, Gravity, PlacedGravity } from '../../core/geometry.ts';
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

/** Types besides the compass points: for cutting, for laying out, and for watermarks (`re`: tiles all over). */
export const withSmart: ReadonlySet<string> = new Set(['sm', 'fp']);
export const compassOrFocus: ReadonlySet<string> = new Set(['fp']);
export const compassOrTiles: ReadonlySet<string> = new Set(['re']);

interface GravityReading {
  readonly option: string;
  readonly args: readonly string[];
  /** What the same option said before: offsets that are left out keep their value (those of `fp` are no offsets). */
  readonly before: UrlGravity | null;
  /** Allowed besides the compass points. */
  readonly types: ReadonlySet<string>;
}

/** Reads `type[:x:y]`. @throws PictorError OPTION_INVALID */
export function readGravity({ option, args, before, types }: GravityReading): UrlGravity {
  const [type = '', ...offsets] = args;
  if (offsets.length > 2) throw badArgument(option, 'too many arguments');
  if (!types.has(type) && !Object.hasOwn(compassPoints, type)) throw badArgument(option, type);
  if (type === 'sm') {
    if (offsets.length > 0) throw badArgument(option, args.join(':'));
    return { type, x: 0, y: 0 };
  }
  if (type === 'fp') {
    if (offsets.length !== 2) throw badArgument(option, 'fp needs x and y');
    const [x, y] = offsets.map((text) => readShare(option, text));
    return { type, x: x!, y: y! };
  }
  const kept = before === null || before.type === 'fp' ? centred : before;
  return { type, x: readOffset(option, offsets[0], kept.x), y: readOffset(option, offsets[1], kept.y) };
}

/** An offset; left out it keeps its value. @throws PictorError OPTION_INVALID */
export function readOffset(option: string, text: string | undefined, before: number): number {
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
export const toGravity = (gravity: UrlGravity): Gravity =>
  gravity.type === 'sm' ? { type: 'smart', strategy: 'attention' } : toPlacedGravity(gravity);

/** The same for a type that needs no look at the picture. */
export function toPlacedGravity(gravity: UrlGravity): PlacedGravity {
  if (gravity.type === 'fp') return { type: 'focus', x: gravity.x, y: gravity.y };
  return {
    type: 'compass',
    at: compassPoints[gravity.type]!,
    ...(gravity.x === 0 ? {} : { x: gravity.x }),
    ...(gravity.y === 0 ? {} : { y: gravity.y }),
  };
}

/** The gravity that URLs write for one of an operation; absent: the centre. Null when imgproxy has no word for it. */
export function urlGravityOf(gravity: Gravity | undefined): UrlGravity | null {
  if (gravity === undefined) return centred;
  if (gravity.type === 'smart') return gravity.strategy === 'attention' ? { type: 'sm', x: 0, y: 0 } : null;
  if (gravity.type === 'focus') return { type: 'fp', x: gravity.x, y: gravity.y };
  const { at, x = 0, y = 0 } = gravity;
  return { type: namesOfPoints.get(at) ?? '', x, y };
}

/** `type[:x:y]`: offsets where there are some, or were some before. */
export function gravityText({ type, x, y }: UrlGravity, before: UrlGravity | null = null): string {
  if (type === 'sm') return type;
  const keeps = before === null || before.type === 'fp' || (before.x === 0 && before.y === 0);
  return type !== 'fp' && x === 0 && y === 0 && keeps ? type : `${type}:${x}:${y}`;
}
