import { readGoQuery } from '../../lib/go-query.ts';
import type { VipSettings } from './settings.ts';

/** What a query asks for. Width 0: the original. */
export interface AskedSize {
  /** Pixels, no more than the settings let. */
  readonly width: number;
  readonly square: boolean;
}

/**
 * `s` is a whole number with an optional sign, anything else is 0 and so is what is negative; `c` is the word `true` in any
 * case. Semicolons part fields as `&` does.
 */
export function sizeIn(query: string, { maxWidth }: Pick<VipSettings, 'maxWidth'>): AskedSize {
  const fields = readGoQuery(query, 'separates');
  const width = Math.min(wholeNumber(fields.get('s') ?? ''), maxWidth);
  return { width, square: width > 0 && fields.get('c')?.toLowerCase() === 'true' };
}

const wholeNumber = (text: string): number => (/^[+-]?\d+$/.test(text) ? Math.max(0, Number(text)) : 0);

/** The query, with its question mark, that asks for a size; empty for the original. */
export function queryFor({ width, square }: AskedSize): string {
  if (width === 0) return '';
  return square ? `?s=${width}&c=true` : `?s=${width}`;
}
