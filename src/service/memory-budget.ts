/** Bytes that several holders share; what it counts is kept elsewhere. */
export interface MemoryBudget {
  /** Begins to hold something of a size that is not known yet. */
  hold(): MemoryHold;
  /** Bytes held now. */
  readonly used: () => number;
}

export interface MemoryHold {
  /** Counts more bytes; false when they do not fit, and are not counted. */
  grow(bytes: number): boolean;
  /** One more holder of the same bytes. */
  retain(): void;
  /** One holder less; the bytes are given back with the last one. */
  release(): void;
}

/**
 * @param maxBytes for all holds together. A hold that is alone may be larger: it is bounded by the limit on one original,
 * and would otherwise never be served.
 */
export function createMemoryBudget(maxBytes: number): MemoryBudget {
  let used = 0;
  return {
    used: () => used,
    hold() {
      let held = 0;
      let holders = 1;
      return {
        grow(bytes) {
          if (used + bytes > maxBytes && used > held) return false;
          used += bytes;
          held += bytes;
          return true;
        },
        retain() {
          holders += 1;
        },
        release() {
          holders -= 1;
          if (holders !== 0) return;
          used -= held;
          held = 0;
        },
      };
    },
  };
}
