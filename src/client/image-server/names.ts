/** Paths and file names of an image-server. */

/** Size and looks of a variant. With neither side it is as large as its original. */
export interface VariantWish {
  /** Pixels. Alone: the height follows. */
  readonly width?: number;
  /** Pixels; only with a width. Both: covers the box, what sticks out is cut off evenly. */
  readonly height?: number;
  /** Pixels of both sides. */
  readonly square?: number;
  /** 1..100; default: the server's. */
  readonly quality?: number;
  /** File extension: `jpg`, `webp`, … */
  readonly format: string;
}

/** A variant by the name it is stored under (`x300.webp`), or by what it shall look like. */
export type Variant = string | VariantWish;

const isCount = (value: number | undefined): boolean =>
  value === undefined || (Number.isSafeInteger(value) && value > 0);

function sizePart({ width, height, square }: VariantWish): string {
  if (![width, height, square].every(isCount)) throw new RangeError('sizes are whole pixels from 1 on');
  if (square !== undefined) {
    if (width !== undefined || height !== undefined) throw new TypeError('square stands alone');
    return `x${square}`;
  }
  if (width === undefined && height === undefined) return 'full_size';
  if (width === undefined) throw new TypeError('a height needs a width: no file name says it alone');
  return height === undefined ? `w${width}` : `${width}x${height}`;
}

/** @throws TypeError, RangeError for what no file name can say */
export function variantName(variant: Variant): string {
  if (typeof variant === 'string') return checkedFile(variant);
  const { quality, format } = variant;
  if (quality !== undefined && !(Number.isInteger(quality) && quality >= 1 && quality <= 100)) {
    throw new RangeError('the quality is a whole number from 1 to 100');
  }
  if (!/^\w{3,5}$/.test(format)) throw new TypeError(`no file extension: ${format}`);
  return `${sizePart(variant)}${quality === undefined ? '' : `-q${quality}`}.${format}`;
}

function checkedFile(name: string): string {
  if (name === '' || name === '.' || name === '..' || /[/\\,\p{Cc}]/u.test(name)) {
    throw new TypeError(`no file name: ${name}`);
  }
  return name;
}

/** @throws TypeError */
export function namespacePath(namespace: string): string {
  if (!/^[a-z0-9_-]+$/.test(namespace)) {
    throw new TypeError(`no namespace: ${namespace} (lower-case letters, digits, - and _)`);
  }
  return `/${namespace}`;
}

/** Where everything of one picture lies. @param hash 32 hexadecimal digits, lower case. @throws TypeError */
export function picturePath(namespace: string, hash: string): string {
  const [, ...parts] = /^([\da-f]{3})([\da-f]{3})([\da-f]{3})([\da-f]{23})$/.exec(hash) ?? [];
  if (parts.length === 0) throw new TypeError(`no hash: ${hash} (32 hexadecimal digits in lower case)`);
  return [namespacePath(namespace), ...parts].join('/');
}
