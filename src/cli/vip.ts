import { usageText } from '../dialects/vip/legacy-names.ts';
import { type Command, exitMisused } from './command.ts';
import { runServer } from './run-server.ts';
import { readVipConfig, readVipFlags } from './vip-config.ts';

/** `pictor vip [flags of vip] [settings]` */
export const vip: Command = async (call) => {
  const { misuses } = await readVipFlags(call);
  if (misuses.length > 0) {
    call.complain(`${misuses.join('\n')}\n${usageText()}`);
    return exitMisused;
  }
  return runServer(readVipConfig, call);
};
