import { readFileSync } from 'node:fs';
import { suggestion } from './did-you-mean.ts';
import type { Layer, LayerEntry } from './layer.ts';
import { readTextEntry, toLayer } from './layer.ts';
import type { Problem } from './problems.ts';
import { showValue } from './problems.ts';
import type { Setting } from './settings-tree.ts';
import { acceptsEmptyText } from './text-value.ts';

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'PICTOR_';
const fileSuffix = '_FILE';

/** Names the configuration file; it is not a setting itself. */
export const configFileVariable = 'PICTOR_CONFIG';

/**
 * Kubernetes puts `PICTOR_SERVICE_HOST`, `PICTOR_PORT=tcp://…` and the like into every container beside a service called
 * `pictor` (or `pictor-…`). They are not meant for us and must not stop the start.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
function isServiceLink(name: string, value: string): boolean {
  if (/_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$/.test(name)) return true;
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name)) return true;
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value);
}

function readSecretFile(setting: Setting, name: string, path: string): LayerEntry | Problem {
  try {
    return readTextEntry(setting, readFileSync(path, 'utf8').trim(), { from: 'env', name });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { where: name, value: showValue(path), message: `the file cannot be read (${code})` };
  }
}

function readVariable(
  name: string,
  value: string,
  byName: ReadonlyMap<string, Setting>,
): LayerEntry | Problem | null {
  const setting = byName.get(name);
  if (setting !== undefined) {
    // `NAME=${NAME:-}` in compose files leaves empty variables behind: nobody means an empty number.
    if (value === '' && !acceptsEmptyText(setting.schema)) return null;
    return readTextEntry(setting, value, { from: 'env', name });
  }
  const fromFile = name.endsWith(fileSuffix) ? byName.get(name.slice(0, -fileSuffix.length)) : undefined;
  if (fromFile !== undefined) return value === '' ? null : readSecretFile(fromFile, name, value);
  if (name === configFileVariable || isServiceLink(name, value)) return null;
  return { where: name, message: `unknown variable${suggestion(name, byName.keys())}` };
}

/**
 * Reads all `PICTOR_…` variables. `NAME_FILE` reads the value of `NAME` from a file, without surrounding white space,
 * as container platforms hand over secrets. Unknown names are problems: a typo must not go unnoticed.
 */
export function readEnvironment(settings: readonly Setting[], env: Environment): Layer {
  const byName = new Map(settings.map((setting) => [setting.env, setting]));
  const outcomes: (LayerEntry | Problem)[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(prefix) || value === undefined) continue;
    const outcome = readVariable(name, value, byName);
    if (outcome !== null) outcomes.push(outcome);
  }
  return toLayer([...outcomes, ...findContradictions(outcomes)]);
}

/** `X` and `X_FILE` together: whichever won, somebody would be surprised. */
function findContradictions(outcomes: readonly (LayerEntry | Problem)[]): Problem[] {
  const names = new Map<string, string>();
  const problems: Problem[] = [];
  for (const outcome of outcomes) {
    if ('where' in outcome) continue;
    const other = names.get(outcome.setting.path);
    if (other !== undefined)
      problems.push({ where: `${other} and ${outcome.origin.name}`, message: 'set only one of them' });
    names.set(outcome.setting.path, outcome.origin.name);
  }
  return problems;
}
