import type { SourceResponse } from '../core/ports.ts';

/** How a mount takes the answers of its sources, where it is not the usual way. */
export interface SourceRules {
  /** Same text, same rules: what was fetched under other rules is not used under these. */
  readonly name: string;
  /** Every answer counts, with its status; what cannot be worked on is handed over as it came. */
  readonly anyAnswer: boolean;
  /** Least age of what is fetched, seconds; told to clients too. */
  readonly minSeconds: number;
  /** Keep what the source says is `private` or `no-store`, and failures of servers. */
  readonly force: boolean;
  /** Names of the variant and its original in the caches of the server whose language is spoken. Absent: our own. */
  readonly names?: { readonly variant: string; readonly original: string };
}

type Headers = Readonly<Record<string, string>>;

/**
 * What a source says about caching, as the mount wants it to be said; applied before anything is kept, so that our caches
 * and those of clients are told the same.
 *
 * - `force` takes `private` and `no-store` away;
 * - else `private` becomes `no-store` too, and neither that nor `no-store` is touched further;
 * - `minSeconds` is a lower bound on `max-age`, which then stands for `Expires` as well.
 */
export function underRules(response: SourceResponse, rules: SourceRules | undefined): SourceResponse {
  if (rules === undefined) return response;
  const { headers } = response;
  const control = headers['cache-control'];
  const directives = directivesOf(control ?? '');
  if (rules.force) {
    directives.delete('private');
    directives.delete('no-store');
  } else if (directives.has('private')) {
    directives.set('no-store', null);
    return { ...response, headers: withControl(headers, directives) };
  } else if (directives.has('no-store')) {
    return response;
  }
  if (rules.minSeconds <= 0)
    return rules.force && control !== undefined
      ? { ...response, headers: withControl(headers, directives) }
      : response;
  const seconds = [rules.minSeconds, untilExpiry(headers), Number(directives.get('max-age') ?? 0)];
  directives.set('max-age', String(Math.trunc(Math.max(...seconds.filter(Number.isFinite)))));
  const { expires: _, ...others } = headers;
  return { ...response, headers: withControl(others, directives) };
}

/** By lower-case name; null for those without a value. */
function directivesOf(control: string): Map<string, string | null> {
  const parts = control.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  return new Map(
    parts
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part): [string, string | null] => {
        const equals = part.indexOf('=');
        if (equals < 0) return [part.toLowerCase(), null];
        return [part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim()];
      }),
  );
}

/** Sorted, as those who compare them expect; none when nothing is left to say. */
function withControl(headers: Headers, directives: ReadonlyMap<string, string | null>): Headers {
  const { 'cache-control': _, ...others } = headers;
  const text = [...directives]
    .map(([name, value]) => (value === null ? name : `${name}=${value}`))
    .toSorted()
    .join(', ');
  return text === '' ? others : { ...others, 'cache-control': text };
}

/** Seconds from Date to Expires; NaN where one of them is missing. */
const untilExpiry = ({ date, expires }: Headers): number =>
  (Date.parse(expires ?? '') - Date.parse(date ?? '')) / 1000;
