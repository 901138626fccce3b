import type { PassedHeaders, SourceResponse } from '../core/ports.ts';

/** What a copy depended on in the request it was fetched with. */
export interface Varied {
  /** Values of the headers that the source's `Vary` names, by lower-case name; absent: it names none. */
  readonly varied?: Readonly<Record<string, string>>;
}

/** What the source's `Vary` says of an answer to a request with these headers (RFC 9111 section 4.1). */
export function variedBy(response: SourceResponse | undefined, passed: PassedHeaders | undefined): Varied {
  const names = (response?.headers['vary'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    // What we say the same to everybody makes no difference.
    .filter((name) => name !== '' && name !== '*' && name !== 'accept-encoding');
  if (names.length === 0) return {};
  return { varied: Object.fromEntries(names.map((name) => [name, passed?.values[name] ?? ''])) };
}

/** Whether a copy is what the source would give to a request with these headers. */
export const isVariedAlike = ({ varied = {} }: Varied, passed: PassedHeaders | undefined): boolean =>
  Object.entries(varied).every(([name, value]) => (passed?.values[name] ?? '') === value);

/** What several copies together depended on. */
export function variedByAll(copies: readonly Varied[]): Varied {
  const all = copies.flatMap(({ varied = {} }) => Object.entries(varied));
  return all.length === 0 ? {} : { varied: Object.fromEntries(all) };
}
