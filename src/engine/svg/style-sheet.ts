import { isSafeReference } from './references.ts';

/**
 * A style sheet (or the value of an attribute that may hold `url()`) without its `@import` rules, which would bring in
 * rules nobody has looked at. Null when what is left hides something behind escapes, or reaches for what no picture is.
 */
export function cleanStyle(css: string): string | null {
  const cleaned = withoutImports(css);
  const plain = decoded(cleaned);
  return /@import|expression\s*\(|-moz-binding/i.test(plain) || !hasSafeReferences(plain) ? null : cleaned;
}

function withoutImports(css: string): string {
  const kept: string[] = [];
  let from = 0;
  const rule = /@import/gi;
  for (let match = rule.exec(css); match !== null; match = rule.exec(css)) {
    kept.push(css.slice(from, match.index));
    from = endOfRule(css, rule.lastIndex);
    rule.lastIndex = from;
  }
  kept.push(css.slice(from));
  return kept.join('');
}

/** Behind the semicolon that ends a rule; one inside quotes or brackets does not. */
function endOfRule(css: string, start: number): number {
  let at = start;
  while (at < css.length) {
    const char = css[at]!;
    if (char === ';') return at + 1;
    const closing = char === '(' ? ')' : char === '"' || char === "'" ? char : undefined;
    at = closing === undefined ? at + 1 : after(css, closing, at + 1);
  }
  return css.length;
}

function after(css: string, char: string, from: number): number {
  const at = css.indexOf(char, from);
  return at === -1 ? css.length : at + 1;
}

/** As a parser reads it (CSS Syntax 3, section 4): comments gone, escapes resolved. */
const decoded = (css: string): string =>
  withoutComments(css).replace(
    /\\([0-9a-f]{1,6})\s?|\\(.)/gis,
    (_, hex: string | undefined, char: string | undefined) =>
      hex === undefined ? char! : character(Number.parseInt(hex, 16)),
  );

/** A comment without an end stays: what it may hide is looked at. */
function withoutComments(css: string): string {
  const kept: string[] = [];
  let from = 0;
  for (let open = css.indexOf('/*'); open !== -1; open = css.indexOf('/*', from)) {
    const close = css.indexOf('*/', open + 2);
    if (close === -1) break;
    kept.push(css.slice(from, open));
    from = close + 2;
  }
  return kept.join('') + css.slice(from);
}

const character = (code: number): string =>
  code === 0 || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);

/** Longer than any scheme with the quotes and spaces before it. */
const lookedAt = 200;

function hasSafeReferences(css: string): boolean {
  const reference = /(?:url|src|image)\(\s*["']?/gi;
  for (let match = reference.exec(css); match !== null; match = reference.exec(css)) {
    const target = css.slice(reference.lastIndex, reference.lastIndex + lookedAt);
    if (!isSafeReference(target, 'image')) return false;
  }
  return true;
}
