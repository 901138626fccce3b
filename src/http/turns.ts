/** Lets work that is not urgent begin: at once where little has begun lately, else a few pieces per turn of the event loop. */
export type TakeTurns = (begin: () => void) => void;

export interface TurnLimits {
  /** Pieces that begin in one turn of those that had to wait. */
  readonly perTurn: number;
  /** Pieces that begin at once while turns come that bring more. */
  readonly atOnce: number;
  /** For how long those that wait do so while each turn brings more. Then they begin, whatever comes. */
  readonly patienceMs: number;
}

/**
 * A flood of new pictures comes within milliseconds. Begun as they come they would hold the event loop for a tenth of a
 * second, and every hit behind them: those on open connections, and far more so those on new ones, as one connection is
 * taken per turn (libuv, `uv__server_io`). So first all that knock are let in, which is quick, and then pictures begin a
 * few per turn, with hits answered in between. First come, first begun.
 */
export function createTurns(
  { perTurn, atOnce, patienceMs }: TurnLimits,
  now: () => number = () => performance.now(),
): TakeTurns {
  const waiting: (() => void)[] = [];
  /** Begun at once since there was a turn without anything to do. */
  let begun = 0;
  /** When somebody first had to wait since then. */
  let since: number | null = null;
  let brought = false;
  let isTurning = false;

  function nextTurn(): void {
    const isQuiet = !brought;
    brought = false;
    if (isQuiet && waiting.length === 0) {
      isTurning = false;
      begun = 0;
      since = null;
      return;
    }
    setImmediate(nextTurn);
    if (waiting.length === 0) return;
    since ??= now();
    if (!isQuiet && now() - since < patienceMs) return;
    for (let left = perTurn; left > 0; left -= 1) waiting.shift()?.();
  }

  return (begin) => {
    brought = true;
    if (!isTurning) setImmediate(nextTurn);
    isTurning = true;
    if (begun < atOnce && waiting.length === 0) {
      begun += 1;
      begin();
    } else waiting.push(begin);
  };
}
