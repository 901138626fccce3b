/** What a file of an original is called, and what that asks for. */
export type FileName =
  | { readonly kind: 'original' }
  | { readonly kind: 'info' }
  | SizeName
  | CropName
  /** Anything else. `extension` is empty where there is none. */
  | { readonly kind: 'custom'; readonly stem: string; readonly extension: string };

/** `300x200`, `x300`, `w300` or `full_size`, with `-q50` and `.jpg` where wanted. */
export interface SizeName {
  readonly kind: 'size';
  /** Pixels; 0: as large as the original. */
  readonly width: number;
  /** Pixels; 0: follows from the width. */
  readonly height: number;
  /** 0: the usual one. */
  readonly quality: number;
  /** As written, `jpg` where nothing was. */
  readonly extension: string;
}

/** `c0.050_0.640_0.390_0.920-w300-q50.jpg`: a part between two corners, in shares of the upright picture. */
export interface CropName {
  readonly kind: 'crop';
  /** Null: it looks like a crop and is none. */
  readonly box: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  } | null;
  /** Pixels at most; 0: as large as the part is. */
  readonly width: number;
  readonly quality: number;
  readonly extension: string;
}

const sized = /^(?:(\d+)x(\d+)|x(\d+)|w(\d+)|full_size)(?:-q(\d+))?(?:\.([A-Za-z0-9_]{3,5}))?$/;

/** Reads the last part of a path. Every text is some kind of name. */
export function parseFileName(file: string): FileName {
  if (file === 'original') return { kind: 'original' };
  if (file === 'info.json') return { kind: 'info' };
  return parseSize(file) ?? parseCrop(file) ?? custom(file);
}

function parseSize(file: string): SizeName | null {
  const match = sized.exec(file);
  if (match === null) return null;
  const [, width, height, square, alone, quality, extension = 'jpg'] = match;
  return {
    kind: 'size',
    ...lengths(Number(width ?? square ?? alone ?? 0), Number(height ?? square ?? 0)),
    quality: Number(quality ?? 0),
    extension,
  };
}

/** Without a width there is no size at all: `0x200` is the whole picture. */
const lengths = (width: number, height: number) =>
  width === 0 ? { width: 0, height: 0 } : { width, height };

const cropLike = /^c[-+.\d][^_]*_[^_]*_[^_]*_[^_]*$/;
const share = String.raw`(0\.\d{3}|1\.000)`;
const exactCrop = new RegExp(
  String.raw`^c${share}_${share}_${share}_${share}(?:-w([1-9]\d{0,4}))?(?:-q([1-9]\d?|100))?\.[A-Za-z0-9_]{3,5}$`,
);

function parseCrop(file: string): CropName | null {
  if (!cropLike.test(file)) return null;
  const [, x0, y0, x1, y1, width, quality] = exactCrop.exec(file) ?? [];
  const corners = { left: Number(x0), top: Number(y0), right: Number(x1), bottom: Number(y1) };
  // Of what is no crop all are NaN, which is less than nothing.
  const isBox = corners.left < corners.right && corners.top < corners.bottom;
  return {
    kind: 'crop',
    box: isBox ? corners : null,
    width: Number(width ?? 0),
    quality: Number(quality ?? 0),
    extension: /\.([A-Za-z0-9_]{3,5})$/.exec(file)?.[1] ?? '',
  };
}

function custom(file: string): FileName {
  const dot = file.lastIndexOf('.');
  return dot === -1
    ? { kind: 'custom', stem: file, extension: '' }
    : { kind: 'custom', stem: file.slice(0, dot), extension: file.slice(dot + 1) };
}

/** Formats by the extensions that ask for them, lower case. */
const formats: Readonly<Record<string, string>> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
  gif: 'gif',
  heic: 'heic',
  heif: 'heic',
};

/** The format an extension asks for, whatever its case; null where it is none that is made. */
export const formatOf = (extension: string): string | null => {
  const name = extension.toLowerCase();
  return Object.hasOwn(formats, name) ? formats[name]! : null;
};

const mediaTypes: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heif',
  heif: 'image/heif',
  svg: 'image/svg+xml',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
  pdf: 'application/pdf',
};

/** What files of an extension are sent and kept as; null where nobody can tell. */
export const mediaTypeOf = (extension: string): string | null => {
  const name = extension.toLowerCase();
  return Object.hasOwn(mediaTypes, name) ? mediaTypes[name]! : null;
};
