import type { AppConfig } from '../app/settings.ts';
import type { PlaceChecks } from '../config/check.ts';
import type { Environment } from '../config/environment.ts';
import type { LoadedConfig } from '../config/load.ts';
import { ConfigError, showValue } from '../config/problems.ts';

/** What a command gets to work with: `main.ts` fills it from the process, tests from anywhere. */
export interface CommandCall {
  /** After the command's name. */
  readonly args: readonly string[];
  /** Options that belong to the command and are no settings: `{ json: true }`. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly env: Environment;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Writes to standard error. */
  readonly complain: (text: string) => void;
  /** Columns of the terminal that standard output is; null when it is a file or pipe. */
  readonly columns: number | null;
  /** As `columns`, of standard error. */
  readonly errorColumns: number | null;
}

/** The part of a call that a configuration is read from. */
export interface ConfigCall extends Pick<CommandCall, 'args' | 'env' | 'columns'> {
  /** What is looked at besides the settings: of those who are about to start. */
  readonly places?: PlaceChecks<AppConfig>;
}

/** Runs to its end and gives the exit code of the process. */
export type Command = (call: CommandCall) => Promise<number>;

/** A loaded configuration, and what the operator should hear about how it came to be. */
export interface ReadConfig extends LoadedConfig<AppConfig> {
  readonly warnings: readonly string[];
}

/** Exit codes: the work failed; the command line or configuration was not understood. */
export const exitFailed = 1;
export const exitMisused = 2;

/** For calls in which settings would have no effect. @throws ConfigError when there are any */
export function refuseWords({ args }: CommandCall, message: string): void {
  if (args.length > 0) throw new ConfigError([{ where: args.map(showValue).join(' '), message }]);
}
