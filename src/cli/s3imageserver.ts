import { ConfigError } from '../config/problems.ts';
import { type Command, exitFailed, exitMisused } from './command.ts';
import { runServer } from './run-server.ts';
import {
  readS3imageserverConfig,
  readS3imageserverFlags,
  s3imageserverUsage,
} from './s3imageserver-config.ts';

/** `pictor s3imageserver [-c FILE] [settings]` */
export const s3imageserver: Command = async (call) => {
  const { misuses } = await readS3imageserverFlags(call);
  if (misuses.length > 0) {
    call.complain(`${misuses.join('\n')}\n${s3imageserverUsage()}`);
    return exitMisused;
  }
  try {
    return await runServer(readS3imageserverConfig, call);
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    // Where, and with what code, the original told it.
    call.print(`Error:${thrown.message}\n`);
    return exitFailed;
  }
};
