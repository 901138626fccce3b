import { PictorError } from '../../core/errors.ts';
import type { Operation } from '../../operations/index.gen.ts';
import type { ParsedRequest } from '../../request/dialect.ts';
import type { ImageRequest } from '../../request/image-request.ts';

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
}

/** A picture in words that more than one URL language has. */
export interface Wish {
  /** `https://…`, `s3://bucket/key`, `local:///…`, or `original:{bucket}/{key}`. */
  readonly source: string;
  /** Null: the original as it came, byte for byte. */
  readonly picture: WishedPicture | null;
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
}

/** What each operation adds; what it cannot say ends the reading. */
interface Draft {
  box: WishedBox | null;
  keeps: WishedPicture['keeps'];
  trims: boolean;
  turn: WishedPicture['turn'];
  mirror: WishedPicture['mirror'];
}

const cannot = (what: string): PictorError =>
  new PictorError('OPTION_INVALID', { reason: `${what} has no equivalent in other URL languages` });

/**
 * Reads a picture as a wish.
 * @throws PictorError OPTION_INVALID with a reason, where an operation is nobody else's
 */
export function wishOf({ image, raw = false }: Pick<ParsedRequest, 'image' | 'raw'>): Wish {
  const { source, operations, output } = image;
  if (raw || isOriginal(image)) return { source, picture: null, notes: [] };
  const draft: Draft = {
    box: null,
    keeps: 'middle',
    trims: false,
    turn: 0,
    mirror: { horizontal: false, vertical: false },
  };
  const notes: string[] = [];
  for (const operation of operations) {
    const turned = draft.turn % 180 !== 0;
    const before = draft.box;
    read(operation, draft, notes);
    // The box of a wish is meant before the turn.
    if (turned && draft.box !== before && draft.box !== null) draft.box = swapped(draft.box);
  }
  const { exact, preferred = [] } = output.format;
  // One preference is no choice.
  const format = exact ?? (preferred.length === 1 ? preferred[0]! : null);
  const quality = output.quality ?? output.formatQuality?.[format ?? 'jpeg'] ?? null;
  if (output.maxBytes !== undefined) notes.push('The bound on bytes is left out.');
  if (output.metadata === 'keep') notes.push('Metadata is not kept.');
  return { source, picture: { ...draft, format, quality }, notes };
}

/** Nothing is done to it, and no format is wished for. */
const isOriginal = ({ operations, output: { format } }: ImageRequest): boolean =>
  operations.length === 0 && format.exact === undefined && (format.preferred ?? []).length === 0;

type OperationOf<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

function read(operation: Operation, draft: Draft, notes: string[]): void {
  switch (operation.op) {
    case 'auto-orient':
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
      draft.box = { width, height, by: cover ? 'cover' : 'inside', grows: false };
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
      notes.push('What lies under transparent parts is for the other server to choose.');
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
  const by = type === 'force' && !free ? 'exact' : type === 'fill' && !free ? 'cover' : 'inside';
  return { width, height, by, grows: enlarge };
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
  return { width, height, by: fit || free ? 'inside' : 'cover', grows: enlarge };
}

const isShare = (length: number): boolean => length > 0 && length < 1;
