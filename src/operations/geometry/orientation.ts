import type { Orientation, Rect, Size } from '../../core/geometry.ts';
import type { StepOf } from '../../core/operation.ts';

/** One of the eight ways a picture can lie: mirrored left-right first, then turned clockwise. */
export type Turn = Omit<StepOf<'orient'>, 'step'>;

/** EXIF tag 0x0112 (CIPA DC-008): what has to be done to see the picture upright. */
export const exifTurns: Readonly<Record<Orientation, Turn>> = {
  1: { mirror: false, turn: 0 },
  2: { mirror: true, turn: 0 },
  3: { mirror: false, turn: 180 },
  4: { mirror: true, turn: 180 },
  5: { mirror: true, turn: 270 },
  6: { mirror: false, turn: 90 },
  7: { mirror: true, turn: 90 },
  8: { mirror: false, turn: 270 },
};

export const isUpright = ({ mirror, turn }: Turn): boolean => !mirror && turn === 0;

/** Both as one. A mirror after a turn equals a mirror before the opposite turn. */
export function composeTurns(first: Turn, second: Turn): Turn {
  const turn = (second.mirror ? 360 - first.turn : first.turn) + second.turn;
  return { mirror: first.mirror !== second.mirror, turn: (turn % 360) as Turn['turn'] };
}

/** Size after the turn. */
export const turnedSize = ({ width, height }: Size, { turn }: Turn): Size =>
  turn === 90 || turn === 270 ? { width: height, height: width } : { width, height };

/** The part of the picture before the turn that shows up as `area` after it. `size` is the size before. */
export function areaBeforeTurn(area: Rect, size: Size, { mirror, turn }: Turn): Rect {
  const turned = unturn(area, size, turn);
  return mirror ? { ...turned, left: size.width - turned.left - turned.width } : turned;
}

function unturn({ left, top, width, height }: Rect, size: Size, turn: Turn['turn']): Rect {
  switch (turn) {
    case 0:
      return { left, top, width, height };
    case 90:
      return { left: top, top: size.height - left - width, width: height, height: width };
    case 180:
      return { left: size.width - left - width, top: size.height - top - height, width, height };
    case 270:
      return { left: size.width - top - height, top: left, width: height, height: width };
  }
}
