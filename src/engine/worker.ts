import { constants, setPriority } from 'node:os';
import { asPictorError } from '../core/errors.ts';
import { runWork } from './job/run-work.ts';
import { canWatchMemory } from './resident-memory.ts';
import { type FromWorker, type ToWorker, toWireError } from './wire.ts';

/** The worker process: takes one piece of work at a time from its parent. Also the only way to the job code in-process. */
export { runWork };

const memoryReportMilliseconds = 100;

async function answer({ id, work }: ToWorker, send: (message: FromWorker) => void): Promise<void> {
  const report = canWatchMemory
    ? undefined
    : setInterval(() => send({ type: 'memory', rss: process.memoryUsage.rss() }), memoryReportMilliseconds);
  try {
    const result = await runWork(work);
    send({ type: 'done', id, result, rss: process.memoryUsage.rss() });
  } catch (error) {
    send({ type: 'failed', id, error: toWireError(asPictorError(error)), rss: process.memoryUsage.rss() });
  }
  clearInterval(report);
}

/** The worker leads a process group wherever there are such, see `forkWorker`. */
function endWithPrograms(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}

function serve(): void {
  const send = (message: FromWorker) => void process.send?.(message);
  // Nice level of background work; children of a server must never keep its own event loop waiting. Best effort.
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {}
  // A terminal or a service manager signals the whole group; the server decides when a worker ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  // The server is gone. `process.exit` would wait for a decode in the thread pool to end.
  process.on('disconnect', endWithPrograms);
  process.on('message', (message: ToWorker) => void answer(message, send));
  send({ type: 'ready' });
}

if (import.meta.main) serve();
