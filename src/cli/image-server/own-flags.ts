import { type CommandCall, exitFailed } from '../command.ts';

/** Flags of a small command with their values as they were written, or what is wrong with them. */
type OwnFlags = { readonly values: ReadonlyMap<string, string> } | { readonly problem: string };

/** Reads `--flag value` and `--flag=value`; nothing else may stand there. @param known names of all flags */
export function readOwnFlags(args: readonly string[], known: readonly string[]): OwnFlags {
  const values = new Map<string, string>();
  for (let at = 0; at < args.length; at += 1) {
    const [, name, inline] = /^--?([a-z][\w-]*)(?:=(.*))?$/s.exec(args[at]!) ?? [];
    if (name === undefined) return { problem: `unexpected argument: ${args[at]}` };
    if (!known.includes(name)) return { problem: `unknown flag: --${name}` };
    if (inline === undefined) at += 1;
    const value = inline ?? args[at];
    if (value === undefined) return { problem: `flag needs an argument: --${name}` };
    values.set(name, value);
  }
  return { values };
}

/** What is wrong on standard output, how to do it right on standard error, as the original has it. Gives the exit code. */
export function misuse({ print, complain }: CommandCall, problem: string, usage: string): number {
  print(`${problem}\n`);
  complain(usage);
  return exitFailed;
}
