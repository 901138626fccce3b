/** Lets work that is not urgent begin: at once where little has begun lately, else a few pieces per turn of the event loop. */
export type TakeTurns = (begin: () => void) => void;

export interface TurnLimits {
  /** Pieces that begin in one turn of those that had to wait. */
  readonly perTurn: number;
  /** Pieces that begin at once while turns come that bring more. */
  readonly atOnce: number;
  /** Turns that bring more and in which those that wait go on waiting. Then they begin, whatever comes. */
  readonly patience: number;
}

/**
 * A flood of new pictures comes within milliseconds. Begun as they come they would hold the event loop for a tenth of a
 * second, and every hit behind them: those on open connections, and far more so those on new ones, as one connection is
 * taken per turn (libuv, `uv__server_io`). So first all that knock are let in, which is quick, and then pictures begin a
 * few per turn, with hits answered in between. First come, first begun.
 */
export function createTurns({ perTurn, atOnce, patience }: TurnLimits): TakeTurns {
  const waiting: (() => void)[] = [];
  /** Begun at once since there was a turn without anything to do. */
  let begun = 0;
  /** Turns since then in which those that wait were passed over for what else came. */
  let held = 0;
  let brought = false;
  let isTurning = false;

  function nextTurn(): void {
    const isQuiet = !brought;
    brought = false;
    if (isQuiet && waiting.length === 0) {
      isTurning = false;
      begun = 0;
      held = 0;
      return;
    }
    setImmediate(nextTurn);
    if (waiting.length === 0) return;
    if (!isQuiet) held += 1;
    if (isQuiet || held > patience) for (const begin of waiting.splice(0, perTurn)) begin();
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
