import process from 'node:process';
import type { ImageServer } from './server.ts';

/** A log that cannot be written must not keep a broken process alive. */
const lastWordsMilliseconds = 1000;

/**
 * An exception nobody caught leaves the process in a state nobody knows: it is told and the process ends with 1, for a
 * service manager to start it anew. Worker processes notice that their server is gone and end too.
 */
export function endOnUncaught({ emit, flush }: Pick<ImageServer, 'emit' | 'flush'>): void {
  const end = (thrown: unknown) => {
    const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    setTimeout(() => process.exit(1), lastWordsMilliseconds);
    emit({
      type: 'notice',
      level: 'error',
      message: 'uncaught exception: the server ends',
      facts: { detail },
    });
    void flush().finally(() => process.exit(1));
  };
  process.once('uncaughtException', end);
  process.once('unhandledRejection', end);
}
