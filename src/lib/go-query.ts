import { decodePercent } from './url-text.ts';

/** What `;` does: it separates pairs as `&` does (Go before 1.17), or a pair with one in it is no pair. */
export type Semicolons = 'separates' | 'spoils';

/**
 * The first value of every name in a query, as Go's `net/url` reads it: names are case-sensitive, `+` is a space, a pair
 * with a broken escape does not count.
 * @param query without `?`
 */
export function readGoQuery(query: string, semicolons: Semicolons): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const pair of query.split(semicolons === 'separates' ? /[&;]/ : '&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const name = unescaped(equals === -1 ? pair : pair.slice(0, equals));
    const value = unescaped(equals === -1 ? '' : pair.slice(equals + 1));
    if (name !== null && value !== null && !values.has(name)) values.set(name, value);
  }
  return values;
}

const unescaped = (text: string): string | null => decodePercent(text.replaceAll('+', ' '));
