import { Buffer } from 'node:buffer';
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

/** Characters that are collected before they are handed on: each hand-over is a trip to the thread pool. */
const batchLength = 65_536;
/** Longest time a line waits, in milliseconds. */
const longestWait = 250;
/** A reader of the log that hangs must not make the server grow: what does not fit into this many bytes is dropped. */
const mostWaiting = 16 * 1024 * 1024;

/** A log that cannot be written must not keep a server from ending: patience in milliseconds. */
const closePatience = 2000;
/** A write that another thread is doing while the process exits gets this long to finish, in milliseconds. */
const exitPatience = 200;

/**
 * Writes to a file descriptor (1: standard output) a few times a second instead of once per line. Lines are joined here
 * and not by the stream below, which counts the bytes of everything it holds for every line: a fifth of the cost. What
 * is waiting is also written when the process ends, however it ends short of being killed.
 */
export function createBatchedOutput(fd: number): BatchedOutput {
  const stream = destination({ dest: fd, sync: false, maxLength: mostWaiting });
  let waiting = '';
  let bytesUnderWay = 0;
  let gone = false;

  stream.on('write', (bytes: number) => {
    bytesUnderWay -= bytes;
  });
  stream.on('drop', (dropped: string) => {
    bytesUnderWay -= Buffer.byteLength(dropped);
  });
  // The reader may go (`pictor serve | head`): a server goes on without a log rather than stopping.
  stream.on('error', () => {
    gone = true;
  });

  const flush = () => {
    if (waiting === '' || gone) return;
    bytesUnderWay += Buffer.byteLength(waiting);
    stream.write(waiting);
    waiting = '';
  };
  const flushAtExit = () => {
    if (bytesUnderWay > 0) sleep(exitPatience);
    try {
      flush();
      stream.flushSync();
    } catch {
      // The output is gone; there is nobody left to tell.
    }
  };
  const timer = setInterval(flush, longestWait).unref();
  // Before the stream's own listeners, which end it.
  process.prependListener('beforeExit', flush);
  process.prependListener('exit', flushAtExit);

  const ended = () =>
    new Promise<void>((resolve) => {
      stream.once('close', () => resolve());
      stream.once('error', () => resolve());
      setTimeout(resolve, closePatience).unref();
      stream.end();
    });

  return {
    write(text) {
      if (gone) return;
      waiting += text;
      if (waiting.length >= batchLength) flush();
    },
    async close() {
      clearInterval(timer);
      process.off('beforeExit', flush);
      process.off('exit', flushAtExit);
      flush();
      if (!gone) await ended();
    },
  };
}

const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
