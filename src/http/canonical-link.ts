/**
 * `Link: <source>; rel="canonical"` (RFC 8288, RFC 6596) for a source that browsers can open; null for others, and for
 * one with user-info: who may see the picture need not know the password.
 */
export function canonicalLink(source: string): string | null {
  if (!/^https?:\/\//i.test(source) || !URL.canParse(source)) return null;
  const { username, password } = new URL(source);
  if (username !== '' || password !== '') return null;
  const target = source.toWellFormed().replace(/[^\x21-\x7e]+|[<>"]/gu, encodeURIComponent);
  return `<${target}>; rel="canonical"`;
}
