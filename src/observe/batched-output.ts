import { destination } from 'pino';

/** Where lines of the log go. */
export interface LogSink {
  write(text: string): unknown;
}

/** A sink that collects lines and writes them together. */
export interface BatchedOutput extends LogSink {
  /** Writes what is waiting and closes. */
  close(): Promise<void>;
}

/** Characters that are collected before they are handed on. */
const batchLength = 8192;
/** Longest time a line waits, in milliseconds. */
const longestWait = 250;
/** A reader of the log that hangs must not make the server grow: what does not fit into this many bytes is dropped. */
const mostWaiting = 16 * 1024 * 1024;

/**
 * Writes to a file descriptor (1: standard output) a few times a second instead of once per line. Lines are joined here
 * and not by the stream below, which counts the bytes of everything it holds for every line: a fifth of the cost. What
 * is waiting is also written when the process ends, however it ends short of being killed.
 */
export function createBatchedOutput(fd: number): BatchedOutput {
  const stream = destination({ dest: fd, sync: false, maxLength: mostWaiting });
  // The reader may go (`pictor serve | head`): a server goes on without a log rather than stopping.
  stream.on('error', () => {});
  let waiting = '';

  const flush = () => {
    if (waiting === '') return;
    stream.write(waiting);
    waiting = '';
  };
  const timer = setInterval(flush, longestWait).unref();
  const atExit = () => {
    flush();
    try {
      stream.flushSync();
    } catch {
      // The output is gone; there is nobody left to tell.
    }
  };
  process.on('exit', atExit);

  return {
    write(text) {
      waiting += text;
      if (waiting.length >= batchLength) flush();
    },
    close() {
      clearInterval(timer);
      process.off('exit', atExit);
      flush();
      return new Promise((resolve) => {
        stream.once('close', () => resolve());
        stream.once('error', () => resolve());
        stream.end();
      });
    },
  };
}
