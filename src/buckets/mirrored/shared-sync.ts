import { syncDirectory } from '../../disk/files.ts';

/**
 * Makes what was changed in a folder before the call survive a loss of power. Those who ask while the disk is at work share
 * the next turn: a burst of changes costs a few flushes, not one each.
 * @throws the system's error
 */
export function createSharedSync(folder: string): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  function turn(): Promise<void> {
    const mine = syncDirectory(folder).finally(() => {
      if (running === mine) running = null;
    });
    running = mine;
    return mine;
  }

  return () => {
    if (running === null) return turn();
    // The one that runs may have passed the caller's change already.
    next ??= running
      .catch(() => {})
      .then(() => {
        next = null;
        return turn();
      });
    return next;
  };
}
