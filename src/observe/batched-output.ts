import { Buffer } from 'node:buffer';
import { writeSync } from 'node:fs';
import type { LogStream } from './log-stream.ts';

/** Where lines of the log go. */
export interface LogSink {
  write(text: string): unknown;
}

/** A sink that collects lines and writes them together. */
export interface BatchedOutput extends LogSink {
  /** Writes what is waiting and closes. */
  close(): Promise<void>;
}

/** Bytes that are collected before they are handed on: each hand-over is a trip to the thread pool. */
const usualBatchBytes = 65_536;
/** As much as POSIX promises to write to a pipe without anything of others in between (PIPE_BUF). */
const undividedBytes = 4096;
/** Lines are joined as text first, up to this length: one call into native code for ten of them. */
const joinedLength = 4096;
/** UTF-8 of one UTF-16 unit. */
const mostBytesPerUnit = 3;
/** Longest time a line waits, in milliseconds. */
const longestWait = 250;

/** A log that cannot be written must not keep a server from ending: patience in milliseconds. */
const closePatience = 2000;
/** A write that another thread is doing while the process exits gets this long to finish, in milliseconds. */
const exitPatience = 200;

/**
 * Writes to a file descriptor (1: standard output) a few times a second instead of once per line. Lines are joined here, as
 * bytes soon, and not by the stream below: texts that wait become long ropes, which cost more to untie than to make. What
 * is waiting is also written when the process ends, however it ends short of being killed. The stream is opened with the first
 * batch: its code takes longer to load than a start can wait for.
 * @param options.isShared other processes write there too: whole lines together, in pieces so small that they stay whole
 */
export function createBatchedOutput(
  fd: number,
  { isShared = false }: { readonly isShared?: boolean } = {},
): BatchedOutput {
  const batchBytes = isShared ? undividedBytes : usualBatchBytes;
  let stream: LogStream | null = null;
  let opening: Promise<void> | null = null;
  /** Batches that were ready before the stream was. */
  let early: Uint8Array[] = [];
  let batch = Buffer.allocUnsafeSlow(batchBytes);
  let filled = 0;
  let joined = '';
  let bytesUnderWay = 0;
  let gone = false;

  async function open(): Promise<void> {
    const { openLogStream } = await import('./log-stream.ts');
    stream = openLogStream(fd, isShared ? undividedBytes : null);
    stream.on('write', (bytes: number) => {
      bytesUnderWay -= bytes;
    });
    stream.on('drop', (dropped: Uint8Array) => {
      bytesUnderWay -= dropped.length;
    });
    // The reader may go (`pictor serve | head`): a server goes on without a log rather than stopping.
    stream.on('error', () => {
      gone = true;
    });
    for (const bytes of early) send(stream, bytes);
    early = [];
  }

  const send = (to: LogStream, bytes: Uint8Array) => {
    bytesUnderWay += bytes.length;
    // In this mode the stream takes bytes; its types only know of text.
    to.write(bytes as unknown as string);
  };
  const hand = (bytes: Uint8Array) => {
    if (stream !== null) return send(stream, bytes);
    early.push(bytes);
    opening ??= open();
  };
  const handBatch = () => {
    if (filled === 0) return;
    hand(batch.subarray(0, filled));
    batch = Buffer.allocUnsafeSlow(batchBytes);
    filled = 0;
  };
  const intoBytes = () => {
    const text = joined;
    joined = '';
    const most = text.length * mostBytesPerUnit;
    if (filled + most > batchBytes) handBatch();
    if (most > batchBytes) hand(Buffer.from(text));
    else filled += batch.write(text, filled);
  };
  const flush = () => {
    if (gone) return;
    intoBytes();
    handBatch();
  };
  const flushAtExit = () => {
    if (bytesUnderWay > 0) sleep(exitPatience);
    try {
      flush();
      if (stream === null) for (const bytes of early) writeSync(fd, bytes);
      else stream.flushSync();
    } catch {
      // The output is gone; there is nobody left to tell.
    }
  };
  const timer = setInterval(flush, longestWait).unref();
  // Before the stream's own listeners, which end it.
  process.prependListener('beforeExit', flush);
  process.prependListener('exit', flushAtExit);

  const end = (ending: LogStream) =>
    new Promise<void>((resolve) => {
      ending.once('close', () => resolve());
      ending.once('error', () => resolve());
      setTimeout(resolve, closePatience).unref();
      ending.end();
    });

  return {
    write(text) {
      if (gone) return;
      joined += text;
      if (isShared || joined.length >= joinedLength) intoBytes();
    },
    async close() {
      clearInterval(timer);
      process.off('beforeExit', flush);
      process.off('exit', flushAtExit);
      flush();
      await opening;
      if (stream !== null && !gone) await end(stream);
    },
  };
}

const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
