import { PictorError } from '../../core/errors.ts';
import type { Colour } from '../../core/geometry.ts';
import type { Operation } from '../../operations/index.gen.ts';
import type { Delivery, ParsedRequest } from '../../request/dialect.ts';
import type { ImageRequest } from '../../request/image-request.ts';
import { formatBySource } from './source-name.ts';

/** Where the mount of a storage dialect that names no bucket in its URLs has its objects. */
export interface TranslationPlace {
  readonly bucket: string;
  /** Before every key; ends with a slash where there is one. */
  readonly prefix: string;
}

export interface Translation {
  /** Path and query, not signed. */
  readonly url: string;
  /** What is lost or may differ, one sentence each. */
  readonly notes: readonly string[];
}

/** A box a picture is scaled to. 0: that side follows from the other. */
export interface WishedBox {
  readonly width: number;
  readonly height: number;
  /** `inside`: all of the picture within it; `cover`: cut to it; `exact`: squeezed into it. */
  readonly by: 'inside' | 'cover' | 'exact';
  /** Whether a picture too small grows. */
  readonly grows: boolean;
  /**
   * What becomes of a picture smaller than a box it covers, where it does not grow: each side is cut by itself (`clipped`),
   * to the shorter one (`square`), or nothing is unless one side is longer than the box, then it grows (`whole`).
   */
  readonly small?: 'clipped' | 'square' | 'whole';
}

/** A picture in words that more than one URL language has. */
export interface Wish {
  /** `https://…`, `s3://bucket/key`, `local:///…`, or `original:{bucket}/{key}`. */
  readonly source: string;
  /** Null: the original as it came, byte for byte. */
  readonly picture: WishedPicture | null;
  readonly delivery: Omit<Delivery, 'vary'>;
  /** What gets lost or may differ, one sentence each. */
  readonly notes: readonly string[];
}

export interface WishedPicture {
  readonly box: WishedBox | null;
  /** What a cut keeps: the middle, or what is most interesting. */
  readonly keeps: 'middle' | 'interesting';
  readonly trims: boolean;
  /** Clockwise, after scaling. */
  readonly turn: 0 | 90 | 180 | 270;
  readonly mirror: { readonly horizontal: boolean; readonly vertical: boolean };
  /** Null: the server chooses, or keeps that of the original. */
  readonly format: string | null;
  /** Null: what the server has for that format. */
  readonly quality: number | null;
  /** Turned by its EXIF orientation first. */
  readonly upright: boolean;
  /** What shows through transparent parts. */
  readonly backdrop: Colour;
  /** Whether the backdrop is also put under formats that could do without. */
  readonly flattens: boolean;
  /** Whether animations keep their frames. */
  readonly moves: boolean;
}

export const black: Colour = { r: 0, g: 0, b: 0 };
export const white: Colour = { r: 255, g: 255, b: 255 };

/** What each operation adds; what it cannot say ends the reading. */
interface Draft {
  box: WishedBox | null;
  keeps: WishedPicture['keeps'];
  trims: boolean;
  turn: WishedPicture['turn'];
  mirror: WishedPicture['mirror'];
  upright: boolean;
  background: Colour | null;
}

const cannot = (what: string): PictorError =>
  new PictorError('OPTION_INVALID', { reason: `${what} has no equivalent in other URL languages` });

/** What of a request says which picture, and how it is handed over. */
export type Translatable = Pick<ParsedRequest, 'image' | 'raw' | 'delivery'>;

/**
 * Reads a picture as a wish.
 * @throws PictorError OPTION_INVALID with a reason, where an operation is nobody else's
 */
export function wishOf({ image, raw = false, delivery: { vary: _, ...delivery } }: Translatable): Wish {
  const { source } = image;
  if (raw || isOriginal(image) || goesThrough(image)) return { source, picture: null, delivery, notes: [] };
  const draft = draftOf(image.operations);
  const { output } = image;
  const { exact, preferred = [] } = output.format;
  // One preference is no choice.
  const format = exact ?? (preferred.length === 1 ? preferred[0]! : null);
  const { background, ...picture } = draft;
  return {
    source,
    picture: {
      ...picture,
      format,
      quality: output.quality ?? output.formatQuality?.[format ?? 'jpeg'] ?? null,
      backdrop: background ?? output.matte ?? white,
      flattens: background !== null,
      moves: output.frames !== 1,
    },
    delivery,
    notes: notesOf(image),
  };
}

function draftOf(operations: readonly Operation[]): Draft {
  const draft: Draft = {
    box: null,
    keeps: 'middle',
    trims: false,
    turn: 0,
    mirror: { horizontal: false, vertical: false },
    upright: false,
    background: null,
  };
  for (const operation of operations) {
    const turned = draft.turn % 180 !== 0;
    const before = draft.box;
    read(operation, draft);
    // The box of a wish is meant before the turn.
    if (turned && draft.box !== before && draft.box !== null) draft.box = swapped(draft.box);
  }
  return draft;
}

function notesOf({ source, output }: ImageRequest): readonly string[] {
  const through = untouched(output);
  return [
    ...(output.maxBytes === undefined ? [] : ['The bound on bytes is left out.']),
    ...(output.metadata === 'keep' ? ['Metadata is not kept.'] : []),
    ...(through.length === 0 || formatBySource(source) !== null
      ? []
      : [`Originals that are ${through.join(', ')} are made anew there; here they go through as they came.`]),
  ];
}

/** SVG does so everywhere. */
const untouched = ({ untouched: formats = [] }: ImageRequest['output']): readonly string[] =>
  formats.filter((each) => each !== 'svg');

/** By the name of its original: one that is handed over as it came, whatever is done to others. */
const goesThrough = ({ source, output }: ImageRequest): boolean =>
  untouched(output).includes(formatBySource(source) ?? '');

/** Nothing is done to it, and no format is wished for. */
const isOriginal = ({ operations, output: { format } }: ImageRequest): boolean =>
  operations.length === 0 && format.exact === undefined && (format.preferred ?? []).length === 0;

type OperationOf<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

function read(operation: Operation, draft: Draft): void {
  switch (operation.op) {
    case 'auto-orient':
      draft.upright = true;
      return;
    case 'resize':
      draft.box = boxOfResize(operation);
      draft.keeps = keptBy(operation.gravity);
      return;
    case 'reframe':
      draft.box = boxOfReframe(operation);
      draft.keeps = operation.smart === true ? 'interesting' : 'middle';
      return;
    case 'narrow':
      draft.box = {
        width: operation.width,
        height: operation.square === true ? operation.width : 0,
        by: operation.square === true ? 'cover' : 'inside',
        grows: false,
        small: 'square',
      };
      return;
    case 'cover':
      draft.box = {
        width: operation.width,
        height: operation.height ?? 0,
        by: (operation.height ?? 0) === 0 ? 'inside' : 'cover',
        grows: operation.shrinkOnly !== true,
      };
      return;
    case 'thumbnail': {
      const { width = 0, height = 0, cover = false } = operation;
      draft.box = { width, height, by: cover ? 'cover' : 'inside', grows: false, small: 'whole' };
      return;
    }
    case 'trim':
      draft.trims = true;
      return;
    case 'rotate':
      draft.turn = ((draft.turn + operation.angle) % 360) as Draft['turn'];
      // The mirror of a wish comes after the turn.
      if (operation.angle % 180 !== 0) draft.mirror = turnedMirror(draft.mirror);
      return;
    case 'flip':
      draft.mirror = { horizontal: operation.horizontal === true, vertical: operation.vertical === true };
      return;
    case 'background':
      draft.background = operation.colour;
      return;
    default:
      throw cannot(operation.op);
  }
}

/** As it is where the picture has been turned by a quarter. */
export const swapped = (box: WishedBox): WishedBox => ({ ...box, width: box.height, height: box.width });

const turnedMirror = ({ horizontal, vertical }: WishedPicture['mirror']): WishedPicture['mirror'] => ({
  horizontal: vertical,
  vertical: horizontal,
});

function boxOfResize(resize: OperationOf<'resize'>): WishedBox | null {
  const { type = 'fit', zoomX = 1, zoomY = 1, dpr = 1, enlarge = false } = resize;
  if ((resize.minWidth ?? 0) > 0 || (resize.minHeight ?? 0) > 0) throw cannot('a least size');
  if (type === 'fill-down' || type === 'auto') throw cannot(`resizing by ${type}`);
  const width = Math.round((resize.width ?? 0) * zoomX * dpr);
  const height = Math.round((resize.height ?? 0) * zoomY * dpr);
  if (width === 0 && height === 0) {
    if (zoomX !== 1 || zoomY !== 1 || dpr !== 1) throw cannot('a factor without a size');
    return null;
  }
  const free = width === 0 || height === 0;
  // The side that is not named stays as long as it is.
  if (type === 'force' && free) throw cannot('squeezing one side alone');
  const by = type === 'force' ? 'exact' : type === 'fill' && !free ? 'cover' : 'inside';
  return { width, height, by, grows: enlarge, small: 'clipped' };
}

function keptBy(gravity: OperationOf<'resize'>['gravity']): WishedPicture['keeps'] {
  if (gravity === undefined) return 'middle';
  if (gravity.type === 'smart') return 'interesting';
  const moved = gravity.type === 'compass' && ((gravity.x ?? 0) !== 0 || (gravity.y ?? 0) !== 0);
  if (gravity.type === 'compass' && gravity.at === 'centre' && !moved) return 'middle';
  throw cannot('a gravity other than the middle');
}

function boxOfReframe({
  width = 0,
  height = 0,
  fit = false,
  enlarge = false,
  crop,
}: OperationOf<'reframe'>): WishedBox | null {
  if (crop !== undefined) throw cannot('a rectangle of the original');
  if (isShare(width) || isShare(height)) throw cannot('a share of the original');
  if (width === 0 && height === 0) return null;
  const free = width === 0 || height === 0;
  // Nothing grows into a box on both sides.
  return { width, height, by: fit || free ? 'inside' : 'cover', grows: enlarge && !fit, small: 'clipped' };
}

const isShare = (length: number): boolean => length > 0 && length < 1;
