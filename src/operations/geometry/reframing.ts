import type { Rect, Size } from '../../core/geometry.ts';
import type { ReframeOperation } from '../reframe.ts';

/**
 * The arithmetic of willnorris/imageproxy (`transform.go`) and of the library it scales with (disintegration/imaging
 * 1.6): what is rounded and what is cut off follows theirs, because their users compare pixels.
 */

/** A length as URLs write it: from 1 on pixels, below a share of the whole, negative nothing. Always rounded down. */
export function lengthOf(value: number, whole: number): number {
  if (value < 0) return 0;
  return Math.trunc(value > 0 && value < 1 ? whole * value : value);
}

/** The rectangle that is kept, inside the picture; all of it where nothing would be left. */
export function cropRectangle(crop: NonNullable<ReframeOperation['crop']>, size: Size): Rect {
  const [left, width] = cropSpan(crop.x ?? 0, crop.width ?? 0, size.width);
  const [top, height] = cropSpan(crop.y ?? 0, crop.height ?? 0, size.height);
  if (width < 1 || height < 1) return { left: 0, top: 0, width: size.width, height: size.height };
  return { left, top, width, height };
}

/** The length is never moved: what it has outside of the picture is lost. */
function cropSpan(at: number, length: number, whole: number): [start: number, length: number] {
  const distance = lengthOf(Math.abs(at), whole);
  const start = at < 0 ? whole - distance : distance;
  const end = Math.min(start + (lengthOf(length, whole) || whole), whole);
  const shown = Math.max(start, 0);
  return [shown, end - shown];
}

/** Pictures are made this small before they are searched for their best part, which then is counted in whole pixels of it. */
const searchedSide = 400;

/** Size of the part with the shape of the box that a smart crop looks for; a free side is as long as the shorter one. */
export function smartWindow(box: Size, size: Size): Size {
  const small = Math.min(1, searchedSide / Math.min(size.width, size.height));
  const searched = proportional(size, { width: Math.trunc(size.width * small), height: 0 });
  const scale = Math.min(size.width / box.width, size.height / box.height);
  const side = (length: number, whole: number): number => {
    const found = Math.trunc(length * scale * small) || Math.min(searched.width, searched.height);
    return Math.max(1, Math.min(Math.trunc(found / small), whole));
  };
  return { width: side(box.width, size.width), height: side(box.height, size.height) };
}

/** The size asked for, in pixels of the whole picture; null where the picture keeps the one it has. 0: that side is free. */
export function boxOf(op: ReframeOperation, size: Size): Size | null {
  const most = (length: number, whole: number) => (op.enlarge === true ? length : Math.min(length, whole));
  const width = most(lengthOf(op.width ?? 0, size.width), size.width);
  const height = most(lengthOf(op.height ?? 0, size.height), size.height);
  const same = (width === size.width || width === 0) && (height === size.height || height === 0);
  return same ? null : { width, height };
}

/** How a picture gets into a box: cut it, scale it, cut it. */
export interface Reframing {
  readonly before?: Size;
  readonly scaled: Size;
  readonly after?: Size;
}

export function reframing(size: Size, box: Size, fit: boolean): Reframing {
  if (box.width === 0 || box.height === 0) return { scaled: proportional(size, box) };
  return fit ? { scaled: fitted(size, box) } : covering(size, box);
}

/** The free side follows from the other one. */
const proportional = (size: Size, { width, height }: Size): Size =>
  width === 0
    ? { width: atLeastOne((height * size.width) / size.height), height }
    : { width, height: atLeastOne((width * size.height) / size.width) };

const atLeastOne = (length: number): number => Math.max(1, Math.floor(length + 0.5));

/** Inside the box; a picture that is small enough stays as it is. */
function fitted(size: Size, box: Size): Size {
  if (size.width <= box.width && size.height <= box.height) return size;
  const aspect = size.width / size.height;
  return aspect > box.width / box.height
    ? { width: box.width, height: Math.max(1, Math.trunc(box.width / aspect)) }
    : { width: Math.max(1, Math.trunc(box.height * aspect)), height: box.height };
}

/** From this side on a picture is cut first and scaled then, which may bend it by less than a pixel. */
const cutFirstFrom = 100;

function covering(size: Size, box: Size): Reframing {
  const isTaller = size.width / size.height < box.width / box.height;
  if (size.width >= cutFirstFrom && size.height >= cutFirstFrom) {
    const length = (value: number) => Math.trunc(Math.max(1, value) + 0.5);
    const before = isTaller
      ? { width: size.width, height: length((size.width * box.height) / box.width) }
      : { width: length((size.height * box.width) / box.height), height: size.height };
    return { before, scaled: box };
  }
  const free = isTaller ? { width: box.width, height: 0 } : { width: 0, height: box.height };
  return { scaled: proportional(size, free), after: box };
}

/** The middle of a picture, half pixels to the left and up. */
export function middleOf(size: Size, part: Size): Rect {
  const width = Math.min(part.width, size.width);
  const height = Math.min(part.height, size.height);
  return {
    left: Math.trunc((size.width - width) / 2),
    top: Math.trunc((size.height - height) / 2),
    width,
    height,
  };
}
