import { usageText } from '../dialects/imageproxy/legacy-flags.ts';
import { type Command, exitMisused } from './command.ts';
import { readFlagsOf, readImageproxyConfig } from './imageproxy-config.ts';
import { runServer } from './run-server.ts';

/** `pictor imageproxy [flags of imageproxy] [settings]` */
export const imageproxy: Command = async (call) => {
  const { misuses } = await readFlagsOf(call);
  if (misuses.length > 0) {
    call.complain(`${misuses.join('\n')}\n${usageText()}`);
    return exitMisused;
  }
  const greeting = (address: string): string => `imageproxy listening on ${address}`;
  return runServer(readImageproxyConfig, { ...call, greeting });
};
