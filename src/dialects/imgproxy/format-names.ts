import type { FormatDefinition } from '../../core/format.ts';
import { formats } from '../../formats/index.gen.ts';

/** Format names of URLs and old settings, and what pictor calls them. */
const formatNames: Readonly<Record<string, string>> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  jxl: 'jxl',
  png: 'png',
  webp: 'webp',
  gif: 'gif',
  ico: 'ico',
  svg: 'svg',
  heic: 'heic',
  avif: 'avif',
  bmp: 'bmp',
  tiff: 'tiff',
};

/** pictor's name of a format that a URL names, or null. Upper case is another name. */
export const formatNamed = (name: string): string | null =>
  Object.hasOwn(formatNames, name) ? formatNames[name]! : null;

/** What URLs call a format of pictor's. */
export const urlFormatName = (format: string): string => (format === 'jpeg' ? 'jpg' : format);

const writers: ReadonlyMap<string, NonNullable<FormatDefinition['write']>> = new Map(
  Object.values(formats as Readonly<Record<string, FormatDefinition>>).flatMap(({ name, write }) =>
    write === undefined ? [] : [[name, write] as const],
  ),
);

/** Formats that pictor can write and imgproxy has a name for, by pictor's names. */
export const writableFormats: readonly string[] = [...new Set(Object.values(formatNames))].filter((name) =>
  writers.has(name),
);

/** Whether a URL may ask for a format at all. SVG is never drawn, only handed over: then the source must be one. */
export const mayBeAsked = (format: string): boolean => format === 'svg' || writers.has(format);

/** Whether a quality means something to a format. */
export const isLossy = (format: string): boolean => writers.get(format)?.usesQuality === true;

const needSize: ReadonlySet<string> = new Set(
  Object.values(formats as Readonly<Record<string, FormatDefinition>>)
    .filter(({ minSide = 1 }) => minSide > 1)
    .map(({ name }) => name),
);

/** With the formats that a picture too small for one of these is written in instead. */
export const withStandIns = (possible: readonly string[]): readonly string[] =>
  possible.some((name) => needSize.has(name)) ? [...new Set([...possible, 'png', 'jpeg'])] : possible;

/** Each once, in the order of letters: the order of a skip list means nothing. */
export const sorted = (formats: readonly string[]): readonly string[] => [...new Set(formats)].toSorted();
