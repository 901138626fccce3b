import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { Grant } from '../request/dialect.ts';

/** A request as the embedding program gets to see it. */
export interface AskedRequest {
  /** Name of the mount: its hosts and prefix, or its dialect. */
  readonly mount: string;
  readonly method: string;
  /** The raw request target, byte for byte. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * Says whether a request may have what it asks for: `true`, and nothing else, lets it. The token is that of the URL where
 * the dialect has a place for one (`t` of s3imageserver), else what follows `Bearer` in the Authorization header; null:
 * there is none.
 */
export type Verify = (token: string | null, request: AskedRequest) => boolean | Promise<boolean>;

/** @throws PictorError TOKEN_INVALID */
export type CheckRequest = (grant: Grant, request: AskedRequest) => Promise<void>;

/** What throws has not said yes: it is a refusal, and told. */
export function createRequestCheck(verify: Verify, emit: EmitEvent): CheckRequest {
  async function isGood(token: string | null, request: AskedRequest): Promise<boolean> {
    try {
      const said: unknown = await verify(token, request);
      return said === true;
    } catch (thrown) {
      const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      const facts = { mount: request.mount, detail };
      emit({ type: 'notice', level: 'error', message: 'verify failed: the request is refused', facts });
      return false;
    }
  }

  return async (grant, request) => {
    if (!(await isGood(tokenOf(grant, request), request)))
      throw new PictorError('TOKEN_INVALID', { detail: 'verify said no' });
  };
}

function tokenOf(grant: Grant, { headers }: AskedRequest): string | null {
  if (grant.type === 'bearer') return grant.token;
  const { authorization } = headers;
  return typeof authorization === 'string' ? (/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? null) : null;
}
