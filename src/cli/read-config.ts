import type { CommandCall, ReadConfig } from './command.ts';
import { readImgproxyConfig } from './imgproxy-config.ts';
import { readServeConfig } from './serve-config.ts';

type ReadCall = Pick<CommandCall, 'env' | 'args'>;

const readers: Readonly<Record<string, (call: ReadCall) => Promise<ReadConfig>>> = {
  serve: readServeConfig,
  imgproxy: readImgproxyConfig,
};

/** The configuration as the command named first in `args` (default: serve) would see it. @throws ConfigError */
export function readTargetConfig({ env, args }: ReadCall): Promise<ReadConfig> {
  const [name = ''] = args;
  return Object.hasOwn(readers, name)
    ? readers[name]!({ env, args: args.slice(1) })
    : readServeConfig({ env, args });
}
