import { ConfigError } from '../../config/problems.ts';
import { usageText } from '../../dialects/image-server/legacy-flags.ts';
import { type Command, exitFailed } from '../command.ts';
import { readImageServerConfig } from '../image-server-config.ts';
import { runServer } from '../run-server.ts';

/** `pictor image-server server [flags of image-server] [settings]`; `start` has the variables of the Docker image too. */
export const server: Command = async (call) => {
  const greeting = (address: string): string => `starting server on http://${address}`;
  try {
    return await runServer(readImageServerConfig, { ...call, greeting });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // The original ended with 1 where other commands of pictor end with 2.
    call.complain(`${error.message}\n\n${usageText()}`);
    return exitFailed;
  }
};
