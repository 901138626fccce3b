import { ConfigError } from '../config/problems.ts';
import { PictorError } from '../core/errors.ts';
import type { ReadConfig } from './command.ts';
import { exitFailed, exitMisused } from './command.ts';

/** What to tell a person when a command ended in an error, and the exit code. */
export interface FailureReport {
  readonly text: string;
  readonly code: number;
}

/** What the system's reasons for not listening mean, by its error code. */
const listenHints: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'this user may not listen there; ports below 1024 need a privilege, sockets a writable folder',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host name',
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

function describeOurs(error: PictorError): string {
  const detail = error.detail ?? error.message;
  return error.code === 'LISTEN_FAILED' ? `pictor cannot listen on ${detail}` : `pictor: ${detail}`;
}

const listeners = ['server.bind', 'server.plain.bind', 'admin.bind'] as const;

/** What a value is called that an older server would have had by itself. */
const isUnset = / default$/;

/** What to write another address into: what the address came from, by the name it had there. */
function changedBy(path: (typeof listeners)[number], { origins, settings }: ReadConfig): string {
  const origin = origins.get(path);
  if (origin?.from === 'file') return `${path} in ${origin.name}`;
  if (origin?.name === 'imgproxy default' && path === 'server.bind') return 'IMGPROXY_BIND';
  if (origin !== undefined && origin.from !== 'default' && !isUnset.test(origin.name)) return origin.name;
  const setting = settings.find((each) => each.path === path);
  return `${setting?.flag} or ${setting?.env}`;
}

/** The failure with the reason in plain words and the setting that changes it; any other failure as it is. */
export function withListenHint(error: unknown, loaded: ReadConfig): unknown {
  if (!(error instanceof PictorError) || error.code !== 'LISTEN_FAILED') return error;
  const { detail = '', cause } = error;
  const reason = listenHints[codeOf(cause)];
  const { server, admin } = loaded.config;
  const binds = {
    'server.bind': server.bind,
    'server.plain.bind': server.plain.bind,
    'admin.bind': admin.bind,
  };
  const names = listeners.filter((path) => detail.startsWith(`${binds[path]}: `));
  if (reason === undefined || names.length === 0) return error;
  const choose = names.map((path) => changedBy(path, loaded)).join(' or ');
  const hint = `${detail} (${reason}; choose another address with ${choose})`;
  return new PictorError('LISTEN_FAILED', { detail: hint, cause });
}

/** One clear line for failures that are expected, the whole list for a configuration, the stack for a bug. */
export function describeFailure(error: unknown): FailureReport {
  if (error instanceof ConfigError) return { text: error.message, code: exitMisused };
  if (error instanceof PictorError && error.code !== 'INTERNAL')
    return { text: describeOurs(error), code: exitFailed };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `pictor failed: ${text}`, code: exitFailed };
}
