import { withoutUrlSecrets } from './mask.ts';

/** One thing wrong with the configuration, ready to be shown. */
export interface Problem {
  /** Variable, flag, or file with line and path: `PICTOR_CACHE_MEMORY`, `pictor.yaml:7 cache.memory`. */
  readonly where: string;
  /** The value as it was written, masked when secret; absent when showing it helps nobody. */
  readonly value?: string;
  /** What is expected, or what to do. */
  readonly message: string;
}

const longestShown = 60;

/** A value for a message: one line, cut when long, without what may be secret in URLs. */
export function showValue(value: unknown): string {
  const text = withoutUrlSecrets(
    typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)),
  );
  const line = JSON.stringify(text.length > longestShown ? `${text.slice(0, longestShown)}…` : text);
  return typeof value === 'string' ? line : line.slice(1, -1).replaceAll('\\"', '"');
}

function formatProblem({ where, value, message }: Problem): string {
  return `  ${where}${value === undefined ? '' : ` = ${value}`}\n      ${message}`;
}

/** Thrown once, with everything that is wrong. `message` is the whole list for a person. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super([`The configuration has ${count}:`, ...problems.map(formatProblem)].join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Words that say what everybody knows: behind a message they would only repeat it. */
const plainSyntax = /^(?:text|number|true or false|list.*|object)$/;

/** A message with what may be written behind it, where that says more. */
export const withSyntax = (message: string, syntax: string): string =>
  plainSyntax.test(syntax) || message.includes(syntax) ? message : `${message} (${syntax})`;
