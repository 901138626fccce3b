import type { Size } from '../../core/geometry.ts';
import type { PlanFacts } from '../../core/operation.ts';
import { scaleHalfAway } from '../../lib/rounding.ts';
import type { ResizeOperation, ResizeType } from '../resize.ts';

/** Result of the arithmetic of a resize, in whole pixels. */
interface Fitted {
  /** Size of the whole picture after scaling. */
  readonly scaled: Size;
  /** Part of it that is kept; 0: that side is free. */
  readonly window: Size;
  /** The box after zoom and dpr; 0: that side is free. */
  readonly target: Size;
  /** The dpr in force: less than asked where the picture is too small. */
  readonly dpr: number;
}

/** By how much the picture shrinks, per side: above 1 it gets smaller. */
interface Shrink {
  readonly x: number;
  readonly y: number;
}

/**
 * The arithmetic of imgproxy v4, `processing/prepare.go`, in its order, because rounding follows from the order:
 * shrink by type → zoom → no enlarging → least sizes → dpr → bound.
 */
export function fitInto(op: ResizeOperation, source: Size, facts: PlanFacts): Fitted {
  const { zoomX = 1, zoomY = 1, enlarge = false, extended = false } = op;
  let dpr = op.dpr ?? 1;
  const shrink = shrinkByType(op, source);
  let x = shrink.x / zoomX;
  let y = shrink.y / zoomY;

  if (!enlarge && !facts.info.vector) {
    const least = Math.min(x, y);
    if (least < 1) {
      x /= least;
      y /= least;
      if (!extended) dpr /= least;
    }
    dpr = Math.min(dpr, x, y);
  }

  ({ x, y } = atLeast(op, source, { x, y }));

  // Neither side may vanish.
  x = Math.min(x / dpr, source.width);
  y = Math.min(y / dpr, source.height);

  if (facts.shrink !== 1) {
    x = Math.min(x / facts.shrink, source.width);
    y = Math.min(y / facts.shrink, source.height);
    dpr *= facts.shrink;
  }

  const target = {
    width: scaleHalfAway(op.width ?? 0, dpr * zoomX),
    height: scaleHalfAway(op.height ?? 0, dpr * zoomY),
  };
  const scaled = { width: scaleHalfAway(source.width, 1 / x), height: scaleHalfAway(source.height, 1 / y) };
  const window = op.type === 'fill-down' && !enlarge ? sameShapeInside(target, scaled) : target;
  return { scaled, window, target, dpr };
}

function shrinkByType(op: ResizeOperation, source: Size): Shrink {
  const { width = 0, height = 0 } = op;
  const wanted = { width: width || source.width, height: height || source.height };
  const x = source.width / wanted.width;
  const y = source.height / wanted.height;
  if (x === 1 && y === 1) return { x, y };
  const type = settledType(op.type ?? 'fit', source, wanted);
  if (type === 'force') return { x, y };
  if (width === 0) return { x: y, y };
  if (height === 0) return { x, y: x };
  const both = type === 'fit' ? Math.max(x, y) : Math.min(x, y);
  return { x: both, y: both };
}

function settledType(type: ResizeType, source: Size, wanted: Size): Exclude<ResizeType, 'auto'> {
  if (type !== 'auto') return type;
  const isWide = (size: Size) => size.width >= size.height;
  return isWide(source) === isWide(wanted) ? 'fill' : 'fit';
}

function atLeast({ minWidth = 0, minHeight = 0 }: ResizeOperation, source: Size, shrink: Shrink): Shrink {
  let { x, y } = shrink;
  if (minWidth > 0) {
    const most = source.width / minWidth;
    if (most < x) {
      y = (y * most) / x;
      x = most;
    }
  }
  if (minHeight > 0) {
    const most = source.height / minHeight;
    if (most < y) {
      x = (x * most) / y;
      y = most;
    }
  }
  return { x, y };
}

/** fill-down: the largest part of the picture that has the shape of the box. */
function sameShapeInside(box: Size, picture: Size): Size {
  const x = box.width / picture.width;
  const y = box.height / picture.height;
  if (x > y && x > 1) {
    return { width: picture.width, height: scaleHalfAway(picture.width, box.height / box.width) };
  }
  if (y > x && y > 1) {
    return { width: scaleHalfAway(picture.height, box.width / box.height), height: picture.height };
  }
  return box;
}
