import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
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

/** A worker that may start programs leads a process group, see `WorkerChildOptions`; one that does not has no such group. */
function endWithPrograms(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}

/**
 * Nice level of background work: a worker must never keep the server's event loop waiting. Best effort. Linux has one for
 * each thread (setpriority(2), "C library/kernel differences"): those that do the work, node's pool, are running already,
 * and what they start inherits theirs. Where it shares processors out by session, the nice level only counts within one: a
 * session of the worker's own needs it as well.
 */
function yieldToServer(): void {
  try {
    // One that was started lower still stays there.
    const nice = Math.max(constants.priority.PRIORITY_BELOW_NORMAL, getPriority());
    setPriority(nice);
    for (const thread of threads()) setPriority(thread, nice);
    if (leadsSession()) writeFileSync('/proc/self/autogroup', String(nice));
  } catch {}
}

/** Of this process, where Linux tells. */
const threads = (): readonly number[] =>
  process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [];

/** Field 6 of /proc/self/stat, behind the name in brackets (man 5 proc). */
function leadsSession(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]) === process.pid;
}

function serve(): void {
  const send = (message: FromWorker) => void process.send?.(message);
  yieldToServer();
  // A terminal or a service manager signals the whole group; the server decides when a worker ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  // The server is gone. `process.exit` would wait for a decode in the thread pool to end.
  process.on('disconnect', endWithPrograms);
  process.on('message', (message: ToWorker) => void answer(message, send));
  send({ type: 'ready' });
}

if (import.meta.main) serve();
