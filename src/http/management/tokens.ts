import { hash, timingSafeEqual } from 'node:crypto';

/** What a token is called in the log: tells one from another, and nobody can send it. */
export type TokenName = string;

/** Who sent this Authorization header; null: nobody who may. All tokens are compared, each in the same time. */
export function createTokens(
  tokens: readonly string[],
): (authorization: string | undefined) => TokenName | null {
  const known = tokens.map((token) => ({ digest: digestOf(token), name: nameOf(token) }));
  return (authorization = '') => {
    const sent = /^bearer +([^\s]+)$/i.exec(authorization)?.[1] ?? '';
    const digest = digestOf(sent);
    let found: TokenName | null = null;
    for (const each of known) if (timingSafeEqual(each.digest, digest)) found = each.name;
    return found;
  };
}

const digestOf = (token: string): Buffer => hash('sha256', token, 'buffer');

const nameOf = (token: string): TokenName => `sha256:${digestOf(token).toString('hex').slice(0, 12)}`;
