import { Counter, type Registry } from 'prom-client';

/** A counter with at most two labels, kept as plain numbers and handed to prom-client when it is scraped. */
export interface Counts {
  /** Adds to the count of these label values, in the order the labels were named. */
  add(amount: number, first?: string, second?: string | number): void;
}

export interface CountsDefinition {
  readonly registry: Registry;
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly [first?: string, second?: string];
}

/** Two map look-ups per count: an eighth of what a labelled prom-client counter takes, and this runs on every hit. */
export function createCounts({ registry, name, help, labels = [] }: CountsDefinition): Counts {
  const cells = new Map<string, Map<string | number, number>>();
  const [firstLabel, secondLabel] = labels;

  const labelsOf = (first: string, second: string | number): Record<string, string | number> => ({
    ...(firstLabel === undefined ? {} : { [firstLabel]: first }),
    ...(secondLabel === undefined ? {} : { [secondLabel]: second }),
  });

  const counter = new Counter({
    name,
    help,
    labelNames: labels.filter((label) => label !== undefined),
    registers: [],
    collect() {
      this.reset();
      for (const [first, row] of cells)
        for (const [second, value] of row) this.inc(labelsOf(first, second), value);
    },
  });
  registry.registerMetric(counter);

  return {
    add(amount, first = '', second = '') {
      const row = cells.get(first);
      if (row === undefined) cells.set(first, new Map([[second, amount]]));
      else row.set(second, (row.get(second) ?? 0) + amount);
    },
  };
}
