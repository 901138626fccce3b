import type { ConfigCall, ReadConfig } from './command.ts';
import { readImageServerConfig } from './image-server-config.ts';
import { readImageproxyConfig } from './imageproxy-config.ts';
import { readImgproxyConfig } from './imgproxy-config.ts';
import { readS3imageserverConfig } from './s3imageserver-config.ts';
import { readServeConfig } from './serve-config.ts';
import { readVipConfig } from './vip-config.ts';

const readers: Readonly<Record<string, (call: ConfigCall) => Promise<ReadConfig>>> = {
  serve: readServeConfig,
  imgproxy: readImgproxyConfig,
  imageproxy: readImageproxyConfig,
  'image-server': readImageServerConfig,
  s3imageserver: readS3imageserverConfig,
  vip: readVipConfig,
};

/** The configuration as the command named first in `args` (default: serve) would see it. @throws ConfigError */
export function readTargetConfig(call: ConfigCall): Promise<ReadConfig> {
  const [name = '', ...rest] = call.args;
  return Object.hasOwn(readers, name) ? readers[name]!({ ...call, args: rest }) : readServeConfig(call);
}
