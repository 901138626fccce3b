/** One flag on a command line. */
export interface GivenFlag<Flag> {
  readonly flag: Flag;
  readonly text: string;
}

export interface GoFlagReading<Flag> {
  readonly given: readonly GivenFlag<Flag>[];
  /** Flags that are somebody else's, with their values. */
  readonly rest: readonly string[];
  /** Words behind the first that is no flag: there reading ends. */
  readonly unread: readonly string[];
  /** What was not understood, in the words of Go's flag package. */
  readonly misuses: readonly string[];
}

export interface GoFlagRules<Flag> {
  readonly flags: readonly Flag[];
  /** Takes a value only behind `=`; without one it is `true`. */
  isSwitch(flag: Flag): boolean;
  /** Whether `--name` is a flag of somebody else; its value may follow. */
  isOurs(name: string): boolean;
}

/**
 * Reads a command line the way Go's flag package does: `-name value`, `-name=value`, `--name`; the first word that is no
 * flag ends it. But all that is wrong is told at once.
 */
export function readGoFlags<Flag extends { readonly name: string }>(
  args: readonly string[],
  rules: GoFlagRules<Flag>,
): GoFlagReading<Flag> {
  const reading = { given: [] as GivenFlag<Flag>[], rest: [] as string[], misuses: [] as string[] };
  let at = 0;
  while (at < args.length && /^-./s.test(args[at]!) && args[at] !== '--') {
    at += takeFlag(reading, [args[at]!, args[at + 1]], rules);
  }
  return { ...reading, unread: args.slice(args[at] === '--' ? at + 1 : at) };
}

interface OpenReading<Flag> {
  readonly given: GivenFlag<Flag>[];
  readonly rest: string[];
  readonly misuses: string[];
}

/** Takes one flag in, with the word behind it where that is its value, and gives the number of words. */
function takeFlag<Flag extends { readonly name: string }>(
  { given, rest, misuses }: OpenReading<Flag>,
  [word, next]: readonly [string, string | undefined],
  { flags, isSwitch, isOurs }: GoFlagRules<Flag>,
): 1 | 2 {
  const [, name, inline] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const flag = flags.find((each) => each.name === name);
  if (flag === undefined && name !== undefined && isOurs(`--${name}`)) {
    const hasValue = inline === undefined && next !== undefined && !next.startsWith('-');
    rest.push(word, ...(hasValue ? [next] : []));
    return hasValue ? 2 : 1;
  }
  if (flag === undefined) {
    misuses.push(name === undefined ? `bad flag syntax: ${word}` : `flag provided but not defined: -${name}`);
    return 1;
  }
  if (inline !== undefined || isSwitch(flag)) {
    given.push({ flag, text: inline ?? 'true' });
    return 1;
  }
  if (next === undefined) misuses.push(`flag needs an argument: -${name}`);
  else given.push({ flag, text: next });
  return 2;
}

/** A flag in a list of them. */
export interface ShownFlag {
  readonly name: string;
  /** Kind of its value, ` string`; empty for a switch. */
  readonly takes: string;
  readonly usage: string;
  /** As it is shown. Absent: none. */
  readonly fallback?: string | undefined;
}

/** The list of flags as Go prints it. */
export function goUsage(program: string, flags: readonly ShownFlag[]): string {
  const rows = flags.map(({ name, takes, usage, fallback }) => {
    const shown = fallback === undefined ? '' : ` (default ${fallback})`;
    return `  -${name}${takes}\n    \t${usage}${shown}`;
  });
  return `Usage of ${program}:\n${rows.join('\n')}\n`;
}
