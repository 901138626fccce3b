/** Labels whose values clients can make up, kept from growing without end. */
export interface BoundedLabels {
  /** The labels as they are, or with `other` for every value once too many different ones have been seen. */
  bounded<Name extends string>(labels: Readonly<Record<Name, string>>): Record<Name, string>;
}

/** @param most sets of labels that are told apart */
export function createBoundedLabels(most: number): BoundedLabels {
  const seen = new Set<string>();
  return {
    bounded<Name extends string>(labels: Readonly<Record<Name, string>>) {
      const key = JSON.stringify(labels);
      if (seen.size < most) seen.add(key);
      if (seen.has(key)) return labels;
      return Object.fromEntries(Object.keys(labels).map((name) => [name, 'other'])) as Record<Name, string>;
    },
  };
}
