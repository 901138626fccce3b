/** One thing that has to be closed, with a name for the log. */
export interface Closable {
  readonly name: string;
  readonly close: () => Promise<void> | void;
}

/**
 * Closes things one after the other, in the order given. A failure does not keep the rest open: it is told, and the next
 * one follows.
 */
export async function closeInOrder(
  closables: readonly Closable[],
  onFailure: (name: string, error: unknown) => void,
): Promise<void> {
  for (const { name, close } of closables) {
    try {
      // Each waits for the one before it: the engine may only end once no request needs it.
      await close();
    } catch (error) {
      onFailure(name, error);
    }
  }
}
