import { badArgument } from './arguments.ts';
import { compassOrFocus, readGravity, withSmart } from './gravity.ts';
import { type Draft, resizingTypes } from './v4-draft.ts';
import {
  type Arguments,
  numberOption,
  type OptionUse,
  readAmount,
  readFactor,
  readLength,
  readSwitch,
  switchOption,
  type UrlOption,
} from './v4-option.ts';

/** `extend` and `extend_aspect_ratio` say the same of two things. */
interface ExtendFields {
  readonly on: 'extend' | 'extendRatio';
  readonly gravity: 'extendGravity' | 'extendRatioGravity';
}

const extendSize: ExtendFields = { on: 'extend', gravity: 'extendGravity' };
const extendRatio: ExtendFields = { on: 'extendRatio', gravity: 'extendRatioGravity' };

function applyType(draft: Draft, text: string, { name }: OptionUse): void {
  const type = resizingTypes.find((each) => each === text);
  if (type === undefined) throw badArgument(name, text);
  draft.resizingType = type;
}

/** `width:height:enlarge:extend…`: an empty argument leaves things as they are. */
function applySize(draft: Draft, args: Arguments, use: OptionUse): void {
  const [width = '', height = '', enlarge = '', ...extend] = args;
  if (width !== '') draft.width = readLength(use, width);
  if (height !== '') draft.height = readLength(use, height);
  if (enlarge !== '') draft.enlarge = readSwitch(enlarge);
  if (extend.length > 0 && extend[0] !== '') applyExtend(extendSize)(draft, extend, use);
}

const applyExtend =
  (fields: ExtendFields): UrlOption['apply'] =>
  (draft, [on = '', ...gravity], { name }) => {
    draft[fields.on] = readSwitch(on);
    if (gravity.length === 0 || gravity[0] === '') return;
    draft[fields.gravity] = readGravity({
      option: name,
      args: gravity,
      before: draft[fields.gravity],
      types: compassOrFocus,
    });
  };

/** Sizes, gravity and what is cut off before. */
export const sizeOptions: readonly UrlOption[] = [
  {
    names: ['resize', 'rs'],
    syntax: 'type:width:height:enlarge:extend:gravity:x:y',
    most: 8,
    apply(draft, [type = '', ...size], use) {
      if (type !== '') applyType(draft, type, use);
      applySize(draft, size, use);
    },
  },
  { names: ['size', 's'], syntax: 'width:height:enlarge:extend:gravity:x:y', most: 7, apply: applySize },
  {
    names: ['resizing_type', 'rt'],
    syntax: resizingTypes.join('|'),
    most: 1,
    apply: (draft, [type = ''], use) => applyType(draft, type, use),
  },
  numberOption({ field: 'width', syntax: 'pixels', read: readLength }, 'width', 'w'),
  numberOption({ field: 'height', syntax: 'pixels', read: readLength }, 'height', 'h'),
  numberOption({ field: 'minWidth', syntax: 'pixels', read: readLength }, 'min-width', 'mw'),
  numberOption({ field: 'minHeight', syntax: 'pixels', read: readLength }, 'min-height', 'mh'),
  {
    names: ['zoom', 'z'],
    syntax: 'x:y',
    most: 2,
    apply(draft, [x = '', y], use) {
      draft.zoomX = readFactor(use, x);
      draft.zoomY = y === undefined ? draft.zoomX : readFactor(use, y);
    },
  },
  numberOption({ field: 'dpr', syntax: 'factor', read: readFactor }, 'dpr'),
  switchOption('enlarge', 'enlarge', 'el'),
  { names: ['extend', 'ex'], syntax: 'bool:gravity:x:y', most: 4, apply: applyExtend(extendSize) },
  {
    names: ['extend_aspect_ratio', 'extend_ar', 'exar'],
    syntax: 'bool:gravity:x:y',
    most: 4,
    apply: applyExtend(extendRatio),
  },
  {
    names: ['gravity', 'g'],
    syntax: 'type:x:y',
    most: 3,
    apply(draft, args, { name }) {
      draft.gravity = readGravity({ option: name, args, before: draft.gravity, types: withSmart });
    },
  },
  {
    names: ['crop', 'c'],
    syntax: 'width:height:gravity:x:y',
    most: 5,
    apply(draft, [width = '', height, ...gravity], use) {
      draft.cropWidth = readCrop(use, width);
      if (height !== undefined) draft.cropHeight = readCrop(use, height);
      if (gravity.length === 0) return;
      const before = draft.cropGravity;
      draft.cropGravity = readGravity({ option: use.name, args: gravity, before, types: withSmart });
    },
  },
];

/** From 1 on whole pixels. */
function readCrop(use: OptionUse, text: string): number {
  const value = readAmount(use, text);
  return value < 1 ? value : Math.trunc(value);
}
