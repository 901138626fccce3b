import type { Colour } from '../../core/geometry.ts';
import { badArgument, readDecimal, readInteger } from './arguments.ts';
import { readHexColour } from './colour.ts';
import { compassOrTiles, readGravity, readOffset } from './gravity.ts';
import {
  type Arguments,
  numberOption,
  type OptionUse,
  readAmount,
  readLength,
  readSwitch,
  switchOption,
  type UrlOption,
} from './v4-option.ts';

function readColour({ name }: OptionUse, text: string): Colour {
  const colour = readHexColour(text);
  if (colour === null) throw badArgument(name, text);
  return colour;
}

/** Hexadecimal digits, three numbers, or nothing. */
function readBackground(use: OptionUse, args: Arguments): Colour | null {
  if (args.length === 3) {
    const [r, g, b] = args.map((text) => readChannel(use, text));
    return { r: r!, g: g!, b: b! };
  }
  const [text = '', ...more] = args;
  if (more.length > 0) throw badArgument(use.name, args.join(':'));
  return text === '' ? null : readColour(use, text);
}

function readChannel({ name }: OptionUse, text: string): number {
  const value = readInteger(text);
  if (value === null || value < 0 || value > 255) throw badArgument(name, text);
  return value;
}

function readAngle({ name }: OptionUse, text: string): 0 | 90 | 180 | 270 {
  const angle = readInteger(text);
  if (angle === null || angle % 90 !== 0) throw badArgument(name, text);
  return (((angle % 360) + 360) % 360) as 0 | 90 | 180 | 270;
}

function readShare({ name }: OptionUse, text: string): number {
  const value = readDecimal(text);
  if (value === null || value < 0 || value > 1) throw badArgument(name, text);
  return value;
}

/** A mark ten times as large as the picture covers it whatever its shape; larger ones are read as that. */
const largestScale = 10;

/** What happens to the pixels. */
export const pictureOptions: readonly UrlOption[] = [
  {
    names: ['trim', 't'],
    syntax: 'threshold:colour:equal_hor:equal_ver',
    most: 4,
    apply(draft, [threshold = '', colour = '', horizontal = '', vertical = ''], use) {
      draft.trimThreshold = threshold === '' ? null : readAmount(use, threshold);
      draft.trimColour = colour === '' ? null : readColour(use, colour);
      if (horizontal !== '') draft.trimEqualHorizontal = readSwitch(horizontal);
      if (vertical !== '') draft.trimEqualVertical = readSwitch(vertical);
    },
  },
  {
    names: ['padding', 'pd'],
    syntax: 'top:right:bottom:left',
    most: 4,
    apply(draft, [first = '', second = '', third = '', fourth = ''], use) {
      const length = (text: string, otherwise: number): number =>
        text === '' ? otherwise : readLength(use, text);
      const top = length(first, draft.padding[0]);
      const right = length(second, top);
      const bottom = length(third, top);
      const left = length(fourth, right);
      draft.padding = [top, right, bottom, left];
    },
  },
  switchOption('autoRotate', 'auto_rotate', 'ar'),
  {
    names: ['rotate', 'rot'],
    syntax: 'multiple of 90',
    most: 1,
    apply(draft, [angle = ''], use) {
      draft.rotate = readAngle(use, angle);
    },
  },
  {
    names: ['flip', 'fl'],
    syntax: 'horizontal:vertical',
    most: 2,
    apply(draft, [horizontal = '', vertical = '']) {
      if (horizontal !== '') draft.flipHorizontal = readSwitch(horizontal);
      if (vertical !== '') draft.flipVertical = readSwitch(vertical);
    },
  },
  {
    names: ['background', 'bg'],
    syntax: 'hex or r:g:b',
    most: 3,
    apply(draft, args, use) {
      draft.background = readBackground(use, args);
    },
  },
  numberOption({ field: 'blur', syntax: 'sigma', read: readAmount }, 'blur', 'bl'),
  numberOption({ field: 'sharpen', syntax: 'sigma', read: readAmount }, 'sharpen', 'sh'),
  numberOption({ field: 'pixelate', syntax: 'pixels', read: readLength }, 'pixelate', 'pix'),
  {
    names: ['watermark', 'wm'],
    syntax: 'opacity:position:x:y:scale',
    most: 7,
    apply(draft, [opacity = '', position = '', x = '', y = '', scale = ''], use) {
      const { name: option } = use;
      draft.watermarkOpacity = readShare(use, opacity);
      const before = draft.watermarkGravity;
      const { type } =
        position === '' ? before : readGravity({ option, args: [position], before, types: compassOrTiles });
      draft.watermarkGravity = {
        type,
        x: readOffset(option, x, before.x),
        y: readOffset(option, y, before.y),
      };
      if (scale !== '') draft.watermarkScale = Math.min(readAmount(use, scale), largestScale);
    },
  },
];
