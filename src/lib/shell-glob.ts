/**
 * Patterns as shells know them, for a whole text (Go's `path.Match`): `*` is any run without `/`, `?` one sign other than
 * `/`, `[a-z]` one of these, `[^a-z]` none of these, and `\` takes its meaning from the sign behind it. Case counts.
 * Null for a pattern that is malformed.
 */
export function compileGlob(pattern: string): RegExp | null {
  const signs = Array.from(pattern);
  let source = '';
  for (let at = 0; at < signs.length; at += 1) {
    const sign = signs[at]!;
    if (sign === '*') source += '[^/]*';
    else if (sign === '?') source += '[^/]';
    else if (sign === '[') {
      const found = readClass(signs, at + 1);
      if (found === null) return null;
      source += found.source;
      at = found.end;
    } else {
      const plain = readSign(signs, at);
      if (plain === null) return null;
      source += escaped(plain.sign);
      at = plain.end;
    }
  }
  return new RegExp(`^${source}$`, 'su');
}

const escaped = (sign: string): string => `\\u{${sign.codePointAt(0)!.toString(16)}}`;

interface ReadSign {
  readonly sign: string;
  /** Place of its last sign. */
  readonly end: number;
}

function readSign(signs: readonly string[], at: number): ReadSign | null {
  const end = signs[at] === '\\' ? at + 1 : at;
  const sign = signs[end];
  return sign === undefined ? null : { sign, end };
}

/** What stands between brackets. @param start behind the opening one */
function readClass(
  signs: readonly string[],
  start: number,
): { readonly source: string; readonly end: number } | null {
  const negated = signs[start] === '^';
  const first = negated ? start + 1 : start;
  let ranges = '';
  let at = first;
  while (signs[at] !== ']' || at === first) {
    const range = readRange(signs, at);
    if (range === null) return null;
    ranges += range.source;
    at = range.end + 1;
  }
  return { source: `[${negated ? '^' : ''}${ranges}]`, end: at };
}

/** One sign of a class, or two with `-` between them. A range that runs backwards has nothing in it. */
function readRange(
  signs: readonly string[],
  at: number,
): { readonly source: string; readonly end: number } | null {
  const low = bound(signs, at);
  if (low === null) return null;
  if (signs[low.end + 1] !== '-') return { source: escaped(low.sign), end: low.end };
  const high = bound(signs, low.end + 2);
  if (high === null) return null;
  const runsUp = low.sign.codePointAt(0)! <= high.sign.codePointAt(0)!;
  return { source: runsUp ? `${escaped(low.sign)}-${escaped(high.sign)}` : '', end: high.end };
}

const bound = (signs: readonly string[], at: number): ReadSign | null =>
  signs[at] === '-' || signs[at] === ']' ? null : readSign(signs, at);
