import type { Environment } from '../config/environment.ts';
import type { LegacyValue } from '../config/load.ts';
import type { CommandCall } from './command.ts';

/** Names a proxy the way most programs do; the lower case form wins, as in curl. */
const proxyVariables: readonly (readonly [path: string, names: readonly string[]])[] = [
  ['sources.http.httpProxy', ['HTTP_PROXY', 'http_proxy']],
  ['sources.http.httpsProxy', ['HTTPS_PROXY', 'https_proxy']],
  ['sources.http.noProxy', ['NO_PROXY', 'no_proxy']],
];

/** The usual proxy variables as settings. */
function proxyValues(env: Environment): LegacyValue[] {
  return proxyVariables.flatMap(([path, names]) =>
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [{ path, value, name }];
    }),
  );
}

/** Whom a command works for: the process's environment, and a terminal or a pipe. */
export type Surroundings = Pick<CommandCall, 'env' | 'columns'>;

/** Settings that follow from where a command runs; everything said on purpose wins over them. */
export function surroundingValues({ env, columns }: Surroundings): LegacyValue[] {
  const readable: LegacyValue = { path: 'log.format', value: 'pretty', name: 'terminal' };
  return [...(columns === null ? [] : [readable]), ...proxyValues(env)];
}
