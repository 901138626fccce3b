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

/**
 * The SDK would read these by itself. As settings they are shown, and buckets are then addressed by path, which is what
 * nearly every S3 service but Amazon's understands.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
function endpointValues(env: Environment): LegacyValue[] {
  if (env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return [];
  const name = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'].find((each) => (env[each] ?? '') !== '');
  if (name === undefined) return [];
  return ['sources.s3.endpoint', 'cache.s3.endpoint'].map((path) => ({ path, value: env[name], name }));
}

/** Whom a command works for: the process's environment, and a terminal or a pipe. */
export type Surroundings = Pick<CommandCall, 'env' | 'columns'>;

/** Settings that follow from where a command runs; everything said on purpose wins over them. */
export function surroundingValues({ env, columns }: Surroundings): LegacyValue[] {
  const readable: LegacyValue = { path: 'log.format', value: 'pretty', name: 'terminal' };
  return [...(columns === null ? [] : [readable]), ...proxyValues(env), ...endpointValues(env)];
}
