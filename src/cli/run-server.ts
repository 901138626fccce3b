import { isOnLoopback } from '../app/demonstration.ts';
import { boundHeap } from '../app/heap-bounds.ts';
import { packageVersion } from '../app/package-files.ts';
import { placeChecks } from '../app/place-problems.ts';
import { endOnUncaught } from '../app/process-guard.ts';
import type { ManyProcesses } from '../app/processes/primary.ts';
import { type Addresses, createServer } from '../app/server.ts';
import { closeOnSignal, reloadOnSignal } from '../app/signals.ts';
import { whereSet } from '../config/places.ts';
import { ConfigError } from '../config/problems.ts';
import { PictorError } from '../core/errors.ts';
import type { CommandCall, ConfigCall, ReadConfig } from './command.ts';
import { exitFailed } from './command.ts';
import { withListenHint } from './failure.ts';
import { exposureWarnings, startMessage } from './start-message.ts';

/** Null when a signal came before the server could listen. @throws PictorError LISTEN_FAILED */
async function listenUnlessStopped(
  server: ManyProcesses,
  stopped: Promise<unknown>,
): Promise<Addresses | null> {
  const listening = server.listen().catch((error: unknown) => {
    if (error instanceof PictorError && error.code === 'SHUTTING_DOWN') return null;
    throw error;
  });
  return Promise.race([listening, stopped.then(() => null)]);
}

/** Problems that showed while the server was put together, in the words of whoever configured it. */
function inTheirWords(error: unknown, { origins }: ReadConfig): unknown {
  if (!(error instanceof ConfigError)) return error;
  return new ConfigError(
    error.problems.map((problem) => ({ ...problem, where: whereSet(problem.where, origins) })),
  );
}

interface GreetingCall extends CommandCall {
  /** What the older server said once it listened; scripts may wait for it. Absent: our own words. */
  readonly greeting?: (address: string) => string;
}

/** The server, or what starts several processes that are it. */
async function create(config: ReadConfig['config'], demonstration: boolean): Promise<ManyProcesses> {
  if (config.server.processes === 1) return createServer(config, { demonstration });
  const { createPrimary } = await import('../app/processes/primary.ts');
  return createPrimary(config, { demonstration });
}

/**
 * Runs a server until a signal ends it, and gives the exit code: 0 when everything in flight was finished.
 * @param read reads its configuration
 * @throws ConfigError with everything that is wrong, as far as it shows before work begins
 */
export async function runServer(
  read: (call: ConfigCall) => Promise<ReadConfig>,
  call: GreetingCall,
): Promise<number> {
  const loaded = await read({ ...call, places: placeChecks });
  const { config, origins, warnings } = loaded;
  const demonstration = origins.get('mounts')?.from === 'default';
  const starting = create(config, demonstration).catch((error: unknown) => {
    throw inTheirWords(error, loaded);
  });
  // Before anything is awaited: a signal during the start must not leave files behind.
  const ending = closeOnSignal({ close: async () => (await starting).close() });
  const server = await starting;
  endOnUncaught(server);
  reloadOnSignal(server);
  boundHeap();
  const addresses = await listenUnlessStopped(server, ending).catch((error: unknown) => {
    throw withListenHint(error, loaded);
  });
  if (addresses !== null) announce({ config, addresses, demonstration, warnings, server, call });
  return (await ending) === 'closed' ? 0 : exitFailed;
}

interface Announcement extends Pick<ReadConfig, 'config' | 'warnings'> {
  readonly addresses: Addresses;
  readonly demonstration: boolean;
  readonly server: ManyProcesses;
  readonly call: GreetingCall;
}

/** @param demonstration nothing was mounted on purpose, nor was it said who may upload */
const closedWarnings = ({ server }: ReadConfig['config'], demonstration: boolean): string[] =>
  !demonstration || isOnLoopback(server.bind)
    ? []
    : [
        'uploads are refused, for others than this machine can reach the server. Mount what you need, and say who may.',
      ];

/** A block for a person at a terminal, lines of the log for everything else. */
function announce({ config, addresses, demonstration, warnings, server, call }: Announcement): void {
  const allWarnings =
    warnings.length > 0 ? warnings : [...exposureWarnings(config), ...closedWarnings(config, demonstration)];
  if (call.columns !== null) {
    const version = packageVersion();
    const said = call.greeting === undefined ? '' : `${call.greeting(config.server.bind)}\n`;
    call.print(said + startMessage({ version, config, addresses, demonstration, warnings: allWarnings }));
    return;
  }
  for (const message of allWarnings) server.emit({ type: 'notice', level: 'warn', message });
  server.emit({
    type: 'notice',
    level: 'info',
    message: call.greeting?.(config.server.bind) ?? 'listening',
    facts: { ...addresses },
  });
}
