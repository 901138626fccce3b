import { readFile, stat } from 'node:fs/promises';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { VerifyPolicy } from '../request/dialect.ts';
import { readTokenKeys, type TokenKey, TokenKeyError } from './token-keys.ts';

/** Checks JSON Web Tokens (RFC 7519) of one mount. */
export interface TokenVerifier {
  /** Reads the key. @throws PictorError INTERNAL with the reason in `detail` when it cannot be used */
  load(): Promise<void>;
  /** Signature, `exp`, `nbf`, audience and issuer. @throws PictorError TOKEN_INVALID */
  verify(token: string | null): Promise<void>;
}

interface TokenVerifierParts {
  readonly emit: EmitEvent;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A key file is looked at this often, when tokens come. */
const lookEveryMs = 1000;

/** Longer texts are no tokens anybody means. */
const longestToken = 16 * 1024;

/**
 * Tokens count with the algorithms of the policy, or the usual one of the key, whatever they say themselves (RFC 8725
 * section 3.1). A key file is read again when it has changed; while it cannot be read no token is good.
 */
export function createTokenVerifier(policy: VerifyPolicy, { emit, now }: TokenVerifierParts): TokenVerifier {
  const { key: place, algorithms, audience, issuer } = policy;
  let keys: readonly TokenKey[] = [];
  let readFrom = '';
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;

  /** What tells one state of the file from another. */
  async function stateOf(file: string): Promise<string> {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${size} ${ino}`;
  }

  async function read(): Promise<void> {
    if ('text' in place) {
      keys = await readTokenKeys(Buffer.from(place.text), algorithms);
      return;
    }
    const state = await stateOf(place.file);
    if (state === readFrom) return;
    keys = [];
    keys = await readTokenKeys(await readFile(place.file), algorithms);
    readFrom = state;
  }

  async function look(): Promise<void> {
    try {
      const before = readFrom;
      await read();
      if (before !== '' && before !== readFrom)
        emit({ type: 'notice', level: 'info', message: 'key of tokens read again' });
    } catch (thrown) {
      if (keys.length > 0 || readFrom !== 'unusable')
        emit({
          type: 'notice',
          level: 'error',
          message: 'no token is good',
          facts: { detail: reasonOf(thrown) },
        });
      keys = [];
      readFrom = 'unusable';
    }
    lookedAt = now();
  }

  async function current(): Promise<readonly TokenKey[]> {
    const since = now() - lookedAt;
    if ('file' in place && (since >= lookEveryMs || since < 0)) {
      looking ??= look().finally(() => {
        looking = null;
      });
      await looking;
    }
    return keys;
  }

  const expected = {
    ...(audience === undefined ? {} : { audience }),
    ...(issuer === undefined ? {} : { issuer }),
  };

  return {
    async load() {
      try {
        await read();
        lookedAt = now();
      } catch (thrown) {
        throw new PictorError('INTERNAL', { detail: reasonOf(thrown), cause: thrown });
      }
    },
    async verify(token) {
      if (token === null) throw refused('there is none');
      let reason = 'no key goes with it';
      for (const { key, algorithms: own } of candidates(token, await current())) {
        try {
          // One after the other: the next one only counts where this one is not the signer's.
          await jwtVerify(token, key, { ...expected, algorithms: [...own], currentDate: new Date(now()) });
          return;
        } catch (thrown) {
          reason = thrown instanceof Error ? thrown.message : String(thrown);
        }
      }
      throw refused(reason);
    },
  };
}

const refused = (detail: string): PictorError =>
  new PictorError('TOKEN_INVALID', { detail: `token: ${detail}` });

/** Keys that may have signed a token, by what its header says. */
function candidates(token: string, keys: readonly TokenKey[]): readonly TokenKey[] {
  if (token.length > longestToken) return [];
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    return keys.flatMap((each) => {
      if (kid !== undefined && each.kid !== undefined && kid !== each.kid) return [];
      const name = alg === 'Ed25519' ? 'EdDSA' : alg;
      return name !== undefined && each.algorithms.includes(name) ? [{ ...each, algorithms: [alg!] }] : [];
    });
  } catch {
    return [];
  }
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof TokenKeyError) return thrown.message;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code === 'ENOENT') return 'there is no such file';
  return code === '' ? String(thrown) : `the file cannot be read (${code})`;
}
