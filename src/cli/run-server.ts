import { packageVersion } from '../app/package-files.ts';
import { endOnUncaught } from '../app/process-guard.ts';
import { createServer } from '../app/server.ts';
import { closeOnSignal } from '../app/signals.ts';
import type { CommandCall, ReadConfig } from './command.ts';
import { exitFailed } from './command.ts';
import { startMessage, unsignedWarnings } from './start-message.ts';

/** Runs a server until a signal ends it, and gives the exit code: 0 when everything in flight was finished. */
export async function runServer(
  { config, origins, warnings }: ReadConfig,
  call: CommandCall,
): Promise<number> {
  const demonstration = origins.get('mounts')?.from === 'default';
  const server = await createServer(config, { demonstration });
  endOnUncaught(server);
  const addresses = await server.listen();
  const allWarnings = warnings.length > 0 ? warnings : unsignedWarnings(config);
  if (call.columns === null) {
    for (const message of allWarnings) server.emit({ type: 'notice', level: 'warn', message });
    server.emit({ type: 'notice', level: 'info', message: 'listening', facts: { ...addresses } });
  } else {
    call.print(
      startMessage({ version: packageVersion(), config, addresses, demonstration, warnings: allWarnings }),
    );
  }
  return (await closeOnSignal(server)) === 'closed' ? 0 : exitFailed;
}
