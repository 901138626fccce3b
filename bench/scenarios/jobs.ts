import type { Format } from '../formats.ts';
import type { PeerOrAbsent } from '../peers.ts';

/** One batch for the bare sharp peer. */
export interface BareJob {
  readonly path: string;
  readonly format: Format;
  readonly quality: number;
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
  /** What the value is the median of. */
  readonly rounds?: readonly number[];
  readonly bar?: { readonly atMost?: number; readonly atLeast?: number };
  readonly note?: string;
  /** What others had in the same rounds, in the same unit, by their names. */
  readonly beside?: Readonly<Record<string, number>>;
  /** Why this was not measured; the value means nothing then. */
  readonly skipped?: string;
}

/** A line that says why something was not measured. */
export const skippedRow = (scenario: string, measure: string, why: string): Row => ({
  scenario,
  measure,
  value: 0,
  unit: '',
  skipped: why,
});

export interface Bench {
  /** True: more rounds and operations. */
  readonly full: boolean;
  readonly sources: {
    readonly dir: string;
    /** Made in next to no time: for code that is to be compiled before it is measured. */
    readonly tiny: string;
    readonly small: string;
    readonly eight: string;
    readonly twelve: string;
    readonly twentyFour: string;
    /** The same pixels under so many names, each with bytes of its own: originals nobody has asked for. */
    copies(source: string, count: number): readonly string[];
  };
  /** Servers to measure besides, as far as they are there. */
  readonly peers: readonly PeerOrAbsent[];
  /** Path of the program under test: the bundle. */
  readonly program: string;
  readonly node: string;
  say(line: string): void;
}
