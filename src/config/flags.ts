import { suggestion } from './did-you-mean.ts';
import type { Layer, LayerEntry } from './layer.ts';
import { readTextEntry, toLayer } from './layer.ts';
import type { Problem } from './problems.ts';
import { showValue } from './problems.ts';
import type { Setting } from './settings-tree.ts';
import { unwrap } from './settings-tree.ts';
import { readBoolean } from './text-value.ts';

/** Names the configuration file; it is not a setting itself. */
export const configFileFlag = '--config';

export interface FlagReading extends Layer {
  /** Value of `--config`, where given. */
  readonly file?: string;
}

/** One flag as it was written, with the value that belongs to it. */
interface WrittenFlag {
  readonly name: string;
  readonly value?: string;
}

const isBoolean = (setting: Setting | undefined): boolean =>
  setting !== undefined && unwrap(setting.schema).type === 'boolean';

/** True when the next word belongs to the flag before it. Switches take a word only when it reads as yes or no. */
function isValueOf(setting: Setting | undefined, next: string | undefined): next is string {
  if (next === undefined || next.startsWith('--')) return false;
  return isBoolean(setting) ? readBoolean(next) !== null : true;
}

function splitFlags(
  args: readonly string[],
  byFlag: ReadonlyMap<string, Setting>,
): (WrittenFlag | Problem)[] {
  const flags: (WrittenFlag | Problem)[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (!arg.startsWith('--') || arg === '--') {
      flags.push({
        where: showValue(arg),
        message: 'unexpected argument: settings are written --name value (--help lists them)',
      });
      continue;
    }
    const equals = arg.indexOf('=');
    const name = equals === -1 ? arg : arg.slice(0, equals);
    const next = args[index + 1];
    if (equals !== -1) flags.push({ name, value: arg.slice(equals + 1) });
    else if (isValueOf(byFlag.get(name), next)) {
      flags.push({ name, value: next });
      index++;
    } else flags.push(isBoolean(byFlag.get(name)) ? { name, value: 'true' } : { name });
  }
  return flags;
}

function readFlag({ name, value }: WrittenFlag, byFlag: ReadonlyMap<string, Setting>): LayerEntry | Problem {
  const setting = byFlag.get(name);
  if (setting === undefined) {
    const hint = suggestion(name, [...byFlag.keys(), configFileFlag]);
    return { where: name, message: `unknown flag${hint || ' (--help lists them all)'}` };
  }
  if (value === undefined) return { where: name, message: `a value is missing (${setting.syntax})` };
  return readTextEntry(setting, value, { from: 'flag', name });
}

/**
 * Reads `--name value`, `--name=value` and, for switches, `--name` alone. A flag given twice counts the last time, so
 * that scripts can add to a command line.
 */
export function readFlags(settings: readonly Setting[], args: readonly string[]): FlagReading {
  const byFlag = new Map(settings.map((setting) => [setting.flag, setting]));
  const outcomes: (LayerEntry | Problem)[] = [];
  let file: string | undefined;
  for (const flag of splitFlags(args, byFlag)) {
    if ('where' in flag) outcomes.push(flag);
    else if (flag.name !== configFileFlag) outcomes.push(readFlag(flag, byFlag));
    else if (flag.value) file = flag.value;
    else outcomes.push({ where: configFileFlag, message: 'the name of the configuration file is missing' });
  }
  const layer = toLayer(outcomes);
  return file === undefined ? layer : { ...layer, file };
}
