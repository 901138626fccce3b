import { floatText, readFloat, readInteger } from './numbers.ts';

/** Output formats a URL can name. */
export const formatWords = ['jpeg', 'png', 'tiff'] as const;
export type FormatWord = (typeof formatWords)[number];

/** What an options segment says. 0: not said. */
export interface UrlOptions {
  /** Pixels from 1 on, a share of the picture below; negative counts as not said when the picture is made. */
  readonly width: number;
  readonly height: number;
  readonly fit: boolean;
  /** Degrees against the clock, as written. */
  readonly rotate: number;
  readonly flipVertical: boolean;
  readonly flipHorizontal: boolean;
  readonly quality: number;
  /** Empty: not said. */
  readonly signature: string;
  readonly scaleUp: boolean;
  readonly format: FormatWord | '';
  readonly cropX: number;
  readonly cropY: number;
  readonly cropWidth: number;
  readonly cropHeight: number;
  readonly smartCrop: boolean;
  readonly trim: boolean;
  /** Unix seconds. */
  readonly validUntil: number;
}

type Draft = { -readonly [Name in keyof UrlOptions]: UrlOptions[Name] };

export const noOptions: UrlOptions = {
  width: 0,
  height: 0,
  fit: false,
  rotate: 0,
  flipVertical: false,
  flipHorizontal: false,
  quality: 0,
  signature: '',
  scaleUp: false,
  format: '',
  cropX: 0,
  cropY: 0,
  cropWidth: 0,
  cropHeight: 0,
  smartCrop: false,
  trim: false,
  validUntil: 0,
};

/** One option: a word, or a prefix with a value behind it. The page docs/dialects/imageproxy.md lists the same ones. */
export interface UrlOption {
  readonly syntax: string;
  /** The whole item, or what it begins with. */
  readonly word: string;
  readonly takesValue: boolean;
  readonly apply: (draft: Draft, value: string) => void;
}

const word = (text: string, apply: (draft: Draft) => void): UrlOption => ({
  syntax: text,
  word: text,
  takesValue: false,
  apply,
});

const valued = (prefix: string, value: string, apply: UrlOption['apply']): UrlOption => ({
  syntax: prefix + value,
  word: prefix,
  takesValue: true,
  apply,
});

const float = (text: string): number => readFloat(text) ?? 0;
const whole = (text: string): number => readInteger(text) ?? 0;

/** In the order they are tried: whole words first, then prefixes. What is left is a size, or nothing. */
export const urlOptions: readonly UrlOption[] = [
  word('fit', (draft) => {
    draft.fit = true;
  }),
  word('fv', (draft) => {
    draft.flipVertical = true;
  }),
  word('fh', (draft) => {
    draft.flipHorizontal = true;
  }),
  word('scaleUp', (draft) => {
    draft.scaleUp = true;
  }),
  ...formatWords.map((format) =>
    word(format, (draft) => {
      draft.format = format;
    }),
  ),
  word('sc', (draft) => {
    draft.smartCrop = true;
  }),
  word('trim', (draft) => {
    draft.trim = true;
  }),
  valued('r', '{degrees}', (draft, value) => {
    draft.rotate = whole(value);
  }),
  valued('q', '{quality}', (draft, value) => {
    draft.quality = whole(value);
  }),
  valued('s', '{signature}', (draft, value) => {
    draft.signature = value;
  }),
  valued('cx', '{x}', (draft, value) => {
    draft.cropX = float(value);
  }),
  valued('cy', '{y}', (draft, value) => {
    draft.cropY = float(value);
  }),
  valued('cw', '{width}', (draft, value) => {
    draft.cropWidth = float(value);
  }),
  valued('ch', '{height}', (draft, value) => {
    draft.cropHeight = float(value);
  }),
  valued('vu', '{seconds}', (draft, value) => {
    const seconds = whole(value);
    if (seconds > 0) draft.validUntil = seconds;
  }),
];

/** Reads an options segment. Nothing is refused: what is not understood is passed over, as it always was. */
export function parseOptions(text: string): UrlOptions {
  const draft: Draft = { ...noOptions };
  for (const item of text.split(',')) {
    const option = urlOptions.find(({ word: start, takesValue }) =>
      takesValue ? item.startsWith(start) : item === start,
    );
    if (option === undefined) applySize(draft, item);
    else option.apply(draft, item.slice(option.word.length));
  }
  return draft;
}

/** `{width}x{height}`, either side may be empty and then keeps what it was; or one number for both. */
function applySize(draft: Draft, item: string): void {
  const cross = item.indexOf('x');
  if (cross === -1) {
    const side = readFloat(item);
    if (side === null) return;
    draft.width = side;
    draft.height = side;
    return;
  }
  const [width, height] = [item.slice(0, cross), item.slice(cross + 1)];
  if (width !== '') draft.width = float(width);
  if (height !== '') draft.height = float(height);
}

/** The one text of these options: items in byte order. It is what signatures cover, without the signature itself. */
export function optionsText(options: UrlOptions): string {
  const { width, height, rotate, quality, signature, format, validUntil } = options;
  const set = (isSet: boolean, text: string): string[] => (isSet ? [text] : []);
  const length = (name: string, value: number): string[] => set(value !== 0, name + floatText(value));
  const items = [
    `${floatText(width)}x${floatText(height)}`,
    ...set(options.fit, 'fit'),
    ...set(rotate !== 0, `r${rotate}`),
    ...set(options.flipVertical, 'fv'),
    ...set(options.flipHorizontal, 'fh'),
    ...set(quality !== 0, `q${quality}`),
    ...set(signature !== '', `s${signature}`),
    ...set(options.scaleUp, 'scaleUp'),
    ...set(format !== '', format),
    ...length('cx', options.cropX),
    ...length('cy', options.cropY),
    ...length('cw', options.cropWidth),
    ...length('ch', options.cropHeight),
    ...set(options.smartCrop, 'sc'),
    ...set(options.trim, 'trim'),
    ...set(validUntil > 0, `vu${validUntil}`),
  ];
  return items.toSorted(byBytes).join(',');
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether anything is done to the picture; otherwise its bytes go through as they are. */
export const isTransformed = (options: UrlOptions): boolean =>
  options.trim ||
  options.flipHorizontal ||
  options.flipVertical ||
  options.format !== '' ||
  [
    options.width,
    options.height,
    options.rotate,
    options.quality,
    options.cropX,
    options.cropY,
    options.cropWidth,
    options.cropHeight,
  ].some((value) => value !== 0);
