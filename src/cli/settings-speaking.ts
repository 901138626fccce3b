import { loadDialects } from '../app/dialects.ts';
import { settingsFor } from '../app/settings-for.ts';
import { configFileVariable } from '../config/environment.ts';
import type { DialectName } from '../dialects/index.gen.ts';
import type { ConfigCall } from './command.ts';

/** Commands ask for their flags before they read their configuration. */
const built = new Map<DialectName, ReturnType<typeof settingsFor>>();

/**
 * The settings of a drop-in command, whose one mount speaks the dialect of its name: the others are not even loaded. But
 * where a file, a variable or a flag may mount anything, all are.
 */
export async function settingsSpeaking(
  dialect: DialectName,
  { env, args }: Pick<ConfigCall, 'env' | 'args'>,
): Promise<ReturnType<typeof settingsFor>> {
  const mayMount =
    Boolean(env[configFileVariable]) ||
    Boolean(env['PICTOR_MOUNTS']) ||
    args.some((word) => /^--?(config|mounts)(=|$)/.test(word));
  if (mayMount) return (await import('../app/settings.ts')).settingsSchema;
  await loadDialects([dialect]);
  const schema = built.get(dialect) ?? settingsFor([dialect]);
  built.set(dialect, schema);
  return schema;
}
