/** One item of a weighted list: `gzip`, `br;q=0.5`. Optional white space is allowed around both (RFC 9110 12.4.2). */
const item = /^\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/i;

/**
 * Whether an `Accept-Encoding` header allows a content coding (RFC 9110 section 12.5.3): named with a weight above 0, or
 * not named and covered by `*`. An absent header allows none here: only clients that ask get an encoded body.
 */
export function acceptsEncoding(header: string | undefined, coding: string): boolean {
  if (header === undefined) return false;
  let wildcard = false;
  for (const part of header.split(',')) {
    const match = item.exec(part);
    if (match === null) continue;
    const name = match[1]!.toLowerCase();
    const allowed = Number(match[2] ?? 1) > 0;
    if (name === coding) return allowed;
    if (name === '*') wildcard = allowed;
  }
  return wildcard;
}
