import type { VisitRule } from '../core/ports.ts';

/** What a copy tells of the way to it: copies are shared by mounts, rules are not. */
export interface Visited {
  /** Where redirects led on the way here, in order; absent: nowhere. */
  readonly visited?: readonly string[];
}

/** Whether a copy could have been fetched under this rule. If not, the source is asked again, under it. */
export const mayUse = ({ visited = [] }: Visited, rule: VisitRule | undefined): boolean =>
  rule === undefined || visited.every(rule.allows);

/** The stops of several copies together. */
export function visitedByAll(copies: readonly Visited[]): Visited {
  const visited = copies.flatMap((copy) => copy.visited ?? []);
  return visited.length === 0 ? {} : { visited };
}

/** Just this fact of something that tells more. */
export const visitedOf = (copy: Visited): Visited => visitedByAll([copy]);

/** The same copy, now that it was reached another way. */
export function reachedBy<Copy extends Visited>(copy: Copy, way: Visited): Omit<Copy, 'visited'> & Visited {
  const { visited: _, ...rest } = copy;
  return { ...rest, ...visitedOf(way) };
}
