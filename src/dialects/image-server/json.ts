import type { FixedReply } from '../../request/dialect.ts';

const contentType = 'application/json; charset=UTF-8';

/** A text in quotes as Go writes it: fit for HTML too. */
export const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const plain = (value: string | number): string => (typeof value === 'string' ? quoted(value) : String(value));

/** Names and values in their order: with line breaks and two spaces, as all replies have them. */
function indentedJson(fields: Readonly<Record<string, string | number>>): string {
  const rows = Object.entries(fields).map(([name, value]) => `  ${quoted(name)}: ${plain(value)}`);
  return rows.length === 0 ? '{}\n' : `{\n${rows.join(',\n')}\n}\n`;
}

/** On one line, without a break at its end. */
export const compactJson = (fields: Readonly<Record<string, string | number>>): string =>
  `{${Object.entries(fields)
    .map(([name, value]) => `${quoted(name)}:${plain(value)}`)
    .join(',')}}`;

/** An answer in JSON. */
export const jsonReply = (
  status: number,
  fields: Readonly<Record<string, string | number>>,
  headers: Readonly<Record<string, string>> = {},
): FixedReply => ({
  status,
  body: indentedJson(fields),
  headers: { 'Content-Type': contentType, ...headers },
});

/** A failure in JSON. Nobody may keep it: what is missing today may be there tomorrow. */
export const jsonError = (
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): FixedReply => jsonReply(status, { error: text }, { 'Cache-Control': 'no-store', ...headers });

/** A failure in plain text. */
export const textError = (status: number, body: string): FixedReply => ({
  status,
  body,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' },
});
