import process from 'node:process';

/** What a signal ends. */
interface Stoppable {
  /** Graceful: finishes what is in flight. */
  close(): Promise<void>;
}

/** How a server came to its end. */
export type Ending = 'closed' | 'forced';

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Waits for SIGTERM, SIGINT or SIGHUP (the terminal is gone; nothing is reloaded) and closes the server. A second signal
 * does not wait for requests in flight: the caller should exit at once when the ending is `forced`. Rejects when closing
 * fails.
 */
export function closeOnSignal(server: Stoppable): Promise<Ending> {
  return new Promise((resolve, reject) => {
    let closing = false;
    const forget = () => {
      for (const signal of stopSignals) process.off(signal, onSignal);
    };
    const onSignal = () => {
      if (closing) {
        forget();
        resolve('forced');
        return;
      }
      closing = true;
      server
        .close()
        .then(() => resolve('closed'), reject)
        .finally(forget);
    };
    for (const signal of stopSignals) process.on(signal, onSignal);
  });
}

/**
 * Reads anew on SIGUSR1 what can change without a restart. Only for servers that have something of the kind: elsewhere the
 * signal starts node's inspector, as usual.
 */
export function reloadOnSignal({ reload }: { readonly reload: (() => void) | null }): void {
  if (reload !== null) process.on('SIGUSR1', reload);
}
