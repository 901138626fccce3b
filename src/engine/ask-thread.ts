import { Worker } from 'node:worker_threads';
import { type EntryName, entryUrl } from './entry.ts';

/** What a thread says when it cannot answer. */
export interface ThreadError {
  readonly error: string;
}

/**
 * Starts the thread of an entry file for one question and ends it with the answer: the memory of a WebAssembly module
 * only grows, and is given back with its thread. Whatever goes wrong, the module running out of memory included, is an
 * answer too.
 * @param seconds the thread is ended when it takes longer; absent: it takes as long as it takes
 */
export async function askThread<Answer>(
  entry: EntryName,
  question: unknown,
  seconds?: number,
): Promise<Answer | ThreadError> {
  // Captured streams: what a decoder prints goes nowhere.
  const thread = new Worker(entryUrl(entry), { workerData: question, stdout: true, stderr: true });
  let late: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Answer | ThreadError>((resolve) => {
      thread.once('message', resolve);
      thread.once('error', (error) => resolve({ error: String(error) }));
      thread.once('exit', () => resolve({ error: 'codec ended' }));
      if (seconds !== undefined)
        late = setTimeout(() => resolve({ error: `longer than ${seconds} seconds` }), seconds * 1000);
    });
  } finally {
    clearTimeout(late);
    await thread.terminate();
  }
}
