import { asPictorError } from '../core/errors.ts';
import type { EmitEvent, IdleWorkName } from '../core/events.ts';
import type { Gate } from '../lib/gate.ts';

/** Work that nobody waits for. */
export interface IdlePiece {
  /** What it is, for metrics. */
  readonly work: IdleWorkName;
  /** Takes the place of what waits under the same name; not added while such a piece is under way. */
  readonly name: string;
  /**
   * True: it is done by the workers of the requests, and holds a place at their gate meanwhile, which is right for what is
   * short. Absent: it has a worker of its own, and no request ever waits for it.
   */
  readonly atGate?: true;
  /** True: after everything else, and the first to be left out. */
  readonly last?: true;
  /** Does it. The signal aborts when the lane is closed. What it throws is told, and the rest goes on. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * The one line of everything that is done when there is time: a piece at a time, begun only while a place at the gate is
 * free and nobody waits for one. Of this process alone: whoever adds a piece looks whether another one has done it by now.
 */
export interface IdleLane {
  /** Puts a piece into the line, or leaves it out when that is full: it comes again with the next request that wants it. */
  add(piece: IdlePiece): void;
  /** What waits under this name is not done. */
  forget(name: string): void;
  readonly waiting: () => number;
  /** Begins no more, aborts what is under way and waits for its end. */
  close(): Promise<void>;
}

export interface IdleLaneParts {
  /** Of the requests. */
  readonly gate: Gate;
  readonly emit: EmitEvent;
  /** Pieces that wait at most. */
  readonly longest?: number;
}

const usualLongest = 256;
const lookAgainMilliseconds = 50;

export function createIdleLane({ gate, emit, longest = usualLongest }: IdleLaneParts): IdleLane {
  const waiting = new Map<string, IdlePiece>();
  const underWay = new Set<string>();
  let running: Promise<void> | null = null;
  const closing = new AbortController();

  function next(): IdlePiece | undefined {
    if (!hasRoom(gate)) return undefined;
    const pieces = [...waiting.values()];
    return pieces.find(({ last }) => last !== true) ?? pieces[0];
  }

  async function begin(piece: IdlePiece): Promise<void> {
    const { work } = piece;
    const leave = piece.atGate === true ? await gate.enter(closing.signal).catch(() => null) : () => {};
    if (leave === null) return emit({ type: 'idle', work, what: 'dropped' });
    try {
      await piece.run(closing.signal);
      emit({ type: 'idle', work, what: 'done' });
    } catch (thrown) {
      const { code, detail = '' } = asPictorError(thrown);
      const failed = {
        type: 'idle',
        work,
        what: 'failed',
        detail: `${piece.name}: ${code} ${detail}`,
      } as const;
      if (!closing.signal.aborted) emit(failed);
    } finally {
      leave();
    }
  }

  async function work(): Promise<void> {
    while (!closing.signal.aborted && waiting.size > 0) {
      const piece = next();
      if (piece === undefined) {
        await pause(closing.signal);
        continue;
      }
      waiting.delete(piece.name);
      underWay.add(piece.name);
      await begin(piece).finally(() => underWay.delete(piece.name));
    }
    // In the same turn as the last look: what is added from now on finds nobody running.
    running = null;
  }

  function wake(): void {
    running ??= Promise.resolve().then(work);
  }

  /** Room for a piece; false when what is there is as important. */
  function makeRoom({ last }: IdlePiece): boolean {
    if (waiting.size < longest) return true;
    const least = last === true ? undefined : [...waiting.values()].find((piece) => piece.last === true);
    if (least === undefined) return false;
    waiting.delete(least.name);
    emit({ type: 'idle', work: least.work, what: 'dropped' });
    return true;
  }

  return {
    add(piece) {
      const { name, work } = piece;
      if (closing.signal.aborted) return;
      if (underWay.has(name)) return;
      // In the place of the one that waits: this one knows the newer version of its original.
      if (waiting.has(name)) return void waiting.set(name, piece);
      if (!makeRoom(piece)) return emit({ type: 'idle', work, what: 'dropped' });
      waiting.set(name, piece);
      emit({ type: 'idle', work, what: 'queued' });
      wake();
    },
    forget: (name) => void waiting.delete(name),
    waiting: () => waiting.size,
    async close() {
      closing.abort();
      waiting.clear();
      await running;
    },
  };
}

const hasRoom = (gate: Gate): boolean => {
  const { active, waiting } = gate.state();
  return active < gate.width && waiting === 0;
};

/** Ends early with the signal. */
const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, lookAgainMilliseconds);
    timer.unref();
    signal.addEventListener('abort', done, { once: true });
  });
