/** Lets work that is not urgent begin: at once where little has begun lately, else a few pieces per turn of the event loop. */
export type TakeTurns = (begin: () => void) => void;

/**
 * A flood of new pictures arrives in one turn of the event loop. Begun all at once they would hold it for tens of
 * milliseconds, and every hit behind them; begun a few per turn, hits are answered in between. First come, first begun.
 */
export function createTurns({ perTurn }: { readonly perTurn: number }): TakeTurns {
  let waiting: (() => void)[] = [];
  let begun = 0;

  function nextTurn(): void {
    const now = waiting.slice(0, perTurn);
    waiting = waiting.slice(perTurn);
    begun = now.length;
    if (begun > 0) setImmediate(nextTurn);
    for (const begin of now) begin();
  }

  return (begin) => {
    if (begun >= perTurn) {
      waiting.push(begin);
      return;
    }
    if (begun === 0) setImmediate(nextTurn);
    begun += 1;
    begin();
  };
}
