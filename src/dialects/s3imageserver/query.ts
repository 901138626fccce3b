import { readGoQuery } from '../../lib/go-query.ts';

/** Formats that can be asked for, as URLs and file names call them. */
const formatWords = ['webp', 'jpg', 'png'] as const;
export type FormatWord = (typeof formatWords)[number];

/** Longest side that can be asked for, pixels. */
const largestSide = 3064;

/** What a query asks for. */
export interface AskedPicture {
  /** 0: follows from the other side, or from the picture. */
  readonly width: number;
  readonly height: number;
  readonly crop: boolean;
  readonly format: FormatWord;
}

/** A query as it is understood; everything in it may be absent or nonsense. */
export interface UrlQuery {
  readonly asked: AskedPicture;
  /** Null: none was sent. */
  readonly token: string | null;
}

const trueWords: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

/** Reads a query; nothing in it is ever refused. @param usual format where none is asked for */
export function readQuery(query: string, usual: FormatWord): UrlQuery {
  const values = readGoQuery(query, 'separates');
  const crop = values.get('c') ?? '';
  return {
    asked: {
      width: readSide(values.get('w') ?? ''),
      height: readSide(values.get('h') ?? ''),
      // Any word that is not true means no, an absent one yes.
      crop: crop === '' || trueWords.has(crop),
      format: formatNamed(values.get('f') ?? '') ?? usual,
    },
    token: values.get('t') || null,
  };
}

/** A format by the name it has in URLs and settings; null where it is none of them. */
export const formatNamed = (name: string): FormatWord | null =>
  name === 'jpeg' ? 'jpg' : (formatWords.find((word) => word === name) ?? null);

/** A decimal number without its fraction, at most `largestSide`; 0 for what is none, or none a side can have. */
function readSide(text: string): number {
  if (/^\+?inf(inity)?$/i.test(text)) return largestSide;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return 0;
  return Math.max(0, Math.min(Math.trunc(Number(text)), largestSide));
}

/** The shortest query that asks for this, in a fixed order; empty where nothing needs to be said. */
export function queryText({ width, height, crop, format }: AskedPicture, usual: FormatWord): string {
  const pairs = [
    ...(width === 0 ? [] : [`w=${width}`]),
    ...(height === 0 ? [] : [`h=${height}`]),
    ...(crop ? [] : ['c=false']),
    ...(format === usual ? [] : [`f=${format}`]),
  ];
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
