import { ConfigError, type Problem } from '../../config/problems.ts';
import { type ErrorCode, PictorError, type PictorErrorOptions } from '../../core/errors.ts';

/** An error without what cannot travel from one process to another. */
export type WireFailure =
  | { readonly kind: 'pictor'; readonly code: ErrorCode; readonly options: Omit<PictorErrorOptions, 'cause'> }
  | { readonly kind: 'config'; readonly problems: readonly Problem[] }
  | { readonly kind: 'bug'; readonly text: string };

/** What the system called the reason, for hints: `EADDRINUSE`. */
const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

export function toWire(thrown: unknown): WireFailure & { readonly systemCode?: string } {
  if (thrown instanceof ConfigError) return { kind: 'config', problems: thrown.problems };
  if (!(thrown instanceof PictorError))
    return { kind: 'bug', text: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
  const { code, detail, reason, retryAfterSeconds, upstreamStatus, cause } = thrown;
  const known = systemCode(cause);
  const options = {
    ...(detail === undefined ? {} : { detail }),
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
  };
  return { kind: 'pictor', code, options, ...(known === undefined ? {} : { systemCode: known }) };
}

export function fromWire(failure: ReturnType<typeof toWire>): Error {
  switch (failure.kind) {
    case 'pictor': {
      const { code, options, systemCode: known } = failure;
      const cause = known === undefined ? {} : { cause: Object.assign(new Error(known), { code: known }) };
      return new PictorError(code, { ...options, ...cause });
    }
    case 'config':
      return new ConfigError(failure.problems);
    case 'bug':
      return new Error(failure.text);
  }
}
