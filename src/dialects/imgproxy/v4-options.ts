import { PictorError } from '../../core/errors.ts';
import { badArgument, largestSide, readInteger, readTruth } from './arguments.ts';
import { centred, readGravity, type UrlGravity } from './gravity.ts';
import { formatNamed } from './output.ts';

export const resizingTypes = ['fit', 'fill', 'fill-down', 'force', 'auto'] as const;
export type ResizingType = (typeof resizingTypes)[number];

/** What the options of one URL have said so far. Written to in their order: later ones win. */
export interface Draft {
  resizingType: ResizingType;
  /** Pixels; 0: follows from the other side. */
  width: number;
  height: number;
  enlarge: boolean;
  extend: boolean;
  extendGravity: UrlGravity;
  gravity: UrlGravity;
  /** 0: not said. */
  quality: number;
  format: string | undefined;
}

export const emptyDraft = (): Draft => ({
  resizingType: 'fit',
  width: 0,
  height: 0,
  enlarge: false,
  extend: false,
  extendGravity: centred,
  gravity: centred,
  quality: 0,
  format: undefined,
});

type Arguments = readonly string[];

/** One option of the URL language: an entry of `v4Options` and nothing else. */
export interface UrlOption {
  /** First is the long name, the others are its aliases. */
  readonly names: readonly string[];
  /** As the documentation writes them: `width:height`. */
  readonly syntax: string;
  /** More arguments than this are refused. */
  readonly most: number;
  /** @param name as the URL spells it, for refusals. @throws PictorError OPTION_INVALID, OPTION_FORBIDDEN */
  readonly apply: (draft: Draft, args: Arguments, name: string) => void;
}

function readLength(name: string, text: string): number {
  const value = readInteger(text);
  if (value === null || value < 0) throw badArgument(name, text);
  return Math.min(value, largestSide);
}

/** Anything that is no truth word counts as false, as imgproxy has it. */
const readSwitch = (text: string): boolean => readTruth(text) ?? false;

function applyType(draft: Draft, text: string, name: string): void {
  const type = resizingTypes.find((each) => each === text);
  if (type === undefined) throw badArgument(name, text);
  draft.resizingType = type;
}

/** `width:height:enlarge:extend…`: an empty argument leaves things as they are. */
function applySize(draft: Draft, args: Arguments, name: string): void {
  const [width = '', height = '', enlarge = '', ...extend] = args;
  if (width !== '') draft.width = readLength(name, width);
  if (height !== '') draft.height = readLength(name, height);
  if (enlarge !== '') draft.enlarge = readSwitch(enlarge);
  if (extend.length > 0 && extend[0] !== '') applyExtend(draft, extend, name);
}

function applyExtend(draft: Draft, args: Arguments, name: string): void {
  const [on = '', ...gravity] = args;
  draft.extend = readSwitch(on);
  if (gravity.length > 0 && gravity[0] !== '') {
    draft.extendGravity = readGravity({
      option: name,
      args: gravity,
      before: draft.extendGravity,
      smart: false,
    });
  }
}

function applyQuality(draft: Draft, text: string, name: string): void {
  const quality = readInteger(text);
  if (quality === null || quality < 0 || quality > 100) throw badArgument(name, text);
  draft.quality = quality;
}

/** Sets the output format by its URL name. @throws PictorError OPTION_INVALID */
export function applyFormat(draft: Draft, text: string, name: string): void {
  const format = formatNamed(text);
  if (format === null) throw badArgument(name, text);
  draft.format = format;
}

function refuseSecurityOption(_draft: Draft, _args: Arguments, name: string): never {
  throw new PictorError('OPTION_FORBIDDEN', { detail: `imgproxy option ${name}` });
}

const securityOption = (...names: string[]): UrlOption => ({
  names,
  syntax: 'number',
  most: Number.POSITIVE_INFINITY,
  apply: refuseSecurityOption,
});

/** Every option that is understood. Another one is one more entry, and a field of the draft where it needs one. */
export const v4Options: readonly UrlOption[] = [
  {
    names: ['resize', 'rs'],
    syntax: 'type:width:height:enlarge:extend:gravity:x:y',
    most: 8,
    apply(draft, [type = '', ...size], name) {
      if (type !== '') applyType(draft, type, name);
      applySize(draft, size, name);
    },
  },
  { names: ['size', 's'], syntax: 'width:height:enlarge:extend:gravity:x:y', most: 7, apply: applySize },
  {
    names: ['resizing_type', 'rt'],
    syntax: resizingTypes.join('|'),
    most: 1,
    apply: (draft, [type = ''], name) => applyType(draft, type, name),
  },
  {
    names: ['width', 'w'],
    syntax: 'pixels',
    most: 1,
    apply(draft, [width = ''], name) {
      draft.width = readLength(name, width);
    },
  },
  {
    names: ['height', 'h'],
    syntax: 'pixels',
    most: 1,
    apply(draft, [height = ''], name) {
      draft.height = readLength(name, height);
    },
  },
  {
    names: ['enlarge', 'el'],
    syntax: 'bool',
    most: 1,
    apply(draft, [on = '']) {
      draft.enlarge = readSwitch(on);
    },
  },
  { names: ['extend', 'ex'], syntax: 'bool:gravity:x:y', most: 4, apply: applyExtend },
  {
    names: ['gravity', 'g'],
    syntax: 'type:x:y',
    most: 3,
    apply(draft, args, name) {
      draft.gravity = readGravity({ option: name, args, before: draft.gravity, smart: true });
    },
  },
  {
    names: ['quality', 'q'],
    syntax: '0..100, 0: as configured',
    most: 1,
    apply: (draft, [quality = ''], name) => applyQuality(draft, quality, name),
  },
  {
    names: ['format', 'f', 'ext'],
    syntax: 'name',
    most: 1,
    apply: (draft, [format = ''], name) => applyFormat(draft, format, name),
  },
  securityOption('max_src_resolution', 'msr'),
  securityOption('max_src_file_size', 'msfs'),
  securityOption('max_animation_frames', 'maf'),
  securityOption('max_animation_frame_resolution', 'mafr'),
  securityOption('max_result_dimension', 'mrd'),
];

const optionsByName: ReadonlyMap<string, UrlOption> = new Map(
  v4Options.flatMap((option) => option.names.map((name) => [name, option] as const)),
);

/** Lets one option have its say. @throws PictorError OPTION_INVALID, OPTION_FORBIDDEN */
export function applyOption(draft: Draft, name: string, args: Arguments): void {
  const option = optionsByName.get(name);
  if (option === undefined) throw badArgument(name, 'unknown option');
  if (args.length > option.most) throw badArgument(name, 'too many arguments');
  option.apply(draft, args, name);
}
