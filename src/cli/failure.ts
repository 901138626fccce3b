import { ConfigError } from '../config/problems.ts';
import { PictorError } from '../core/errors.ts';
import { exitFailed, exitMisused } from './command.ts';

/** What to tell a person when a command ended in an error, and the exit code. */
export interface FailureReport {
  readonly text: string;
  readonly code: number;
}

/** What the system's reasons for not listening mean, by its error code. */
const listenHints: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'another program listens there already; choose another address with --server-bind or --admin-bind',
  EACCES: 'this user may not listen there; ports below 1024 need a privilege, sockets a writable folder',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host name',
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

function describeOurs(error: PictorError): string {
  const detail = error.detail ?? error.message;
  if (error.code !== 'LISTEN_FAILED') return `pictor: ${detail}`;
  const hint = listenHints[codeOf(error.cause)];
  return `pictor cannot listen on ${detail}${hint === undefined ? '' : ` (${hint})`}`;
}

/** One clear line for failures that are expected, the whole list for a configuration, the stack for a bug. */
export function describeFailure(error: unknown): FailureReport {
  if (error instanceof ConfigError) return { text: error.message, code: exitMisused };
  if (error instanceof PictorError && error.code !== 'INTERNAL')
    return { text: describeOurs(error), code: exitFailed };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `pictor failed: ${text}`, code: exitFailed };
}
