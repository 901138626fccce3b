/** One batch for the bare sharp peer. */
export interface BareJob {
  readonly path: string;
  readonly format: 'jpeg' | 'webp' | 'avif';
  readonly widths: readonly number[];
  /** Transforms at once; absent: one per core. */
  readonly lanes?: number;
}

export interface Spent {
  readonly cpuSeconds: number;
  readonly seconds: number;
}

/** A line of the report. `bar` is the bound the value is held to. */
export interface Row {
  readonly scenario: string;
  readonly measure: string;
  readonly value: number;
  readonly unit: string;
  readonly bar?: { readonly atMost?: number; readonly atLeast?: number };
  readonly note?: string;
}

export interface Bench {
  /** True: more rounds and operations. */
  readonly full: boolean;
  readonly sources: {
    readonly dir: string;
    readonly small: string;
    readonly twelve: string;
    readonly twentyFour: string;
  };
  /** Path of the program under test: the bundle. */
  readonly program: string;
  readonly node: string;
  say(line: string): void;
}
