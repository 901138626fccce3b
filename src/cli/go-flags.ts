import { ConfigError } from '../config/problems.ts';

/** Flags as Go's `flag` package writes them (`-name value`, `--name=value`), and everything else in its order. */
export interface GoFlags {
  readonly values: Readonly<Record<string, string>>;
  readonly switches: ReadonlySet<string>;
  readonly rest: readonly string[];
}

interface KnownFlags {
  readonly values: readonly string[];
  readonly switches: readonly string[];
}

/**
 * Takes the flags of an older server out of the arguments; ours stay in `rest`.
 * @throws ConfigError when a value is missing
 */
export function takeGoFlags(args: readonly string[], known: KnownFlags): GoFlags {
  const values: Record<string, string> = {};
  const switches = new Set<string>();
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    const [, name = '', inline] = /^--?([a-z]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (known.switches.includes(name)) switches.add(name);
    else if (!known.values.includes(name)) rest.push(word);
    else {
      const value = inline ?? args[++index];
      if (value === undefined)
        throw new ConfigError([{ where: `-${name}`, message: 'a value is missing (file)' }]);
      values[name] = value;
    }
  }
  return { values, switches, rest };
}
