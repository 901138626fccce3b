import type { z } from 'zod';
import { type AsFarAsWhole, readAsFarAsWhole } from './as-far-as-whole.ts';
import type { Origin } from './layer.ts';
import { type PlaceCheck, placeProblem } from './places.ts';
import { ConfigError, type Problem } from './problems.ts';
import { type Refusal, toProblems } from './validate.ts';

/** Looks at what settings name. */
export interface PlaceChecks<Config> {
  readonly always: readonly PlaceCheck<Config>[];
  /** What the start finds by itself once it comes that far: asked only when something is wrong, for then it does not. */
  readonly unlessStarted: readonly PlaceCheck<Config>[];
}

interface Checking<Schema extends z.ZodType> extends Refusal {
  readonly schema: Schema;
  readonly origins: ReadonlyMap<string, Origin>;
  /** What is wrong already. */
  readonly problems: readonly Problem[];
  /** Absent: nothing is looked at but the settings themselves. */
  readonly places?: PlaceChecks<z.output<Schema>> | undefined;
}

/** Of a configuration in which nothing was refused. */
const whole = <Config>(config: Config): AsFarAsWhole<Config> => ({
  issues: [],
  ask: async (check) => check(config),
});

/**
 * The checked tree with every default filled in.
 * @throws ConfigError with everything that is wrong: a part that is refused keeps no other from being looked at
 */
export async function checkConfig<Schema extends z.ZodType>(
  checking: Checking<Schema>,
): Promise<z.output<Schema>> {
  const { schema, raw, places } = checking;
  // Parsed once: compiling a parser first, as zod does by default, would cost a start four times the time.
  const result = schema.safeParse(raw, { jitless: true });
  const found: AsFarAsWhole<z.output<Schema>> = result.success
    ? whole(result.data)
    : await readAsFarAsWhole<z.output<Schema>>(schema, raw, result.error.issues);
  const told = async (checks: readonly PlaceCheck<z.output<Schema>>[] = []) =>
    Promise.all(
      (await Promise.all(checks.map((check) => found.ask(check))))
        .flat()
        .map((each) => placeProblem(each, checking)),
    );
  const problems = [
    ...checking.problems,
    ...(await toProblems([...(result.error?.issues ?? []), ...found.issues], checking)),
    ...(await told(places?.always)),
  ];
  if (result.success && problems.length === 0) return result.data;
  throw new ConfigError([...problems, ...(await told(places?.unlessStarted))]);
}
