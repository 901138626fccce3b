/** Numbers as Go reads and prints them: the text of options is signed, so every digit counts. */

/** A decimal number (`.5`, `1e2`, `+5`); null for anything else, infinities and NaN included. */
export function readFloat(text: string): number | null {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null;
  const value = Number(text) + 0;
  return Number.isFinite(value) ? value : null;
}

/** A whole number with an optional sign; null for anything else. */
export function readInteger(text: string): number | null {
  if (!/^[+-]?\d+$/.test(text)) return null;
  const value = Number(text) + 0;
  return Number.isSafeInteger(value) ? value : null;
}

/** The shortest digits that read back; with an exponent of two digits below 1e-4 and from 1e+06 on (Go's `%v`). */
export function floatText(value: number): string {
  const [digits = '0', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  // In between JavaScript prints plain decimals too.
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
