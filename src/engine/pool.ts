import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { EngineStats } from '../plan/engine-port.ts';
import { canWatchMemory, residentBytes } from './resident-memory.ts';
import { type FromWorker, fromWireError, type Work, type WorkResult } from './wire.ts';
import { forkWorker, type WorkerChild } from './worker-child.ts';

export interface PoolOptions {
  readonly size: number;
  /** 0: no limit. */
  readonly timeoutSeconds: number;
  /** Bytes; 0: no limit. */
  readonly memoryLimit: number;
  /** Jobs; 0: never. */
  readonly recycleAfter: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly emit: EmitEvent;
}

/** Worker processes with one job each and a queue before them: first in, first out. */
export interface Pool {
  /** @throws PictorError what the job throws, or TIMEOUT, WORKER_CRASHED, WORKER_MEMORY, CANCELLED, SHUTTING_DOWN */
  run(work: Work, signal: AbortSignal): Promise<WorkResult>;
  stats(): EngineStats;
  /** Refuses what waits, lets what runs finish (ten seconds at most), ends every worker. */
  close(): Promise<void>;
}

interface Task {
  readonly work: Work;
  settled: boolean;
  resolve(result: WorkResult): void;
  reject(error: PictorError): void;
}

interface Worker {
  readonly child: WorkerChild;
  ready: boolean;
  task: Task | null;
  jobs: number;
  rss: number;
  /** Ends a start or a job that takes too long. */
  deadline: NodeJS.Timeout | undefined;
  /** Set when we ended it ourselves: its end is no crash. */
  ending: boolean;
  readonly gone: Promise<void>;
  markGone(): void;
}

/** A worker that has not said `ready` by then counts as crashed. */
const startSeconds = 30;
/** How long a job nobody waits for any more may go on: a kill costs a new process, most jobs end sooner. */
const abandonedSeconds = 1;
const closeSeconds = 10;
const memoryWatchMilliseconds = 50;
/** A worker that stays above this share of the memory limit while idle is replaced. */
const idleMemoryShare = 0.5;
/** Crashes in a row that are answered by an immediate restart; then the pause doubles from `firstPause`. */
const freeRestarts = 3;
const firstPauseMilliseconds = 100;
const longestPauseMilliseconds = 5000;

export function createPool(options: PoolOptions): Pool {
  const { emit } = options;
  const workers = new Set<Worker>();
  const queue: Task[] = [];
  const totals = { started: 0, crashed: 0, timedOut: 0, recycled: 0 };
  let crashesInRow = 0;
  let startFailuresInRow = 0;
  let pausedUntil = 0;
  let pauseTimer: NodeJS.Timeout | undefined;
  let watch: NodeJS.Timeout | undefined;
  let closed = false;

  function startWorker(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const child = forkWorker(options.environment, {
      message: (message) => onMessage(worker, message),
      gone: (why) => onGone(worker, why),
    });
    const worker: Worker = {
      child,
      ready: false,
      task: null,
      jobs: 0,
      rss: 0,
      deadline: setTimeout(() => child.kill(), startSeconds * 1000),
      ending: false,
      gone: promise,
      markGone: resolve,
    };
    workers.add(worker);
    totals.started += 1;
    emit({ type: 'worker', what: 'started', pid: child.pid });
  }

  /** Takes a worker out of service; whoever waits for its job is told `error`. */
  function endWorker(worker: Worker, error?: PictorError): void {
    worker.ending = true;
    clearTimeout(worker.deadline);
    workers.delete(worker);
    worker.child.kill();
    if (error !== undefined) worker.task?.reject(error);
    worker.task = null;
    replace();
    dispatch();
  }

  function onMessage(worker: Worker, message: FromWorker): void {
    if (worker.ending) return;
    if (message.type === 'memory') return checkMemory(worker, message.rss);
    if (message.type === 'ready') {
      worker.ready = true;
      startFailuresInRow = 0;
    } else {
      finish(worker, message);
    }
    clearTimeout(worker.deadline);
    dispatch();
  }

  function finish(worker: Worker, message: Extract<FromWorker, { id: number }>): void {
    const { task } = worker;
    if (message.type === 'done') task?.resolve(message.result);
    else task?.reject(fromWireError(message.error));
    worker.task = null;
    worker.jobs += 1;
    worker.rss = message.rss;
    crashesInRow = 0;
    const worn = options.recycleAfter > 0 && worker.jobs >= options.recycleAfter;
    const swollen = options.memoryLimit > 0 && worker.rss > options.memoryLimit * idleMemoryShare;
    if (!worn && !swollen) return;
    totals.recycled += 1;
    const detail = worn ? `after ${worker.jobs} images` : `idle with ${worker.rss} bytes`;
    emit({ type: 'worker', what: 'recycled', pid: worker.child.pid, detail });
    endWorker(worker);
  }

  function onGone(worker: Worker, why: string): void {
    worker.markGone();
    if (worker.ending) return;
    clearTimeout(worker.deadline);
    workers.delete(worker);
    totals.crashed += 1;
    crashesInRow += 1;
    if (!worker.ready) startFailuresInRow += 1;
    emit({ type: 'worker', what: 'crashed', pid: worker.child.pid, detail: why });
    worker.task?.reject(new PictorError('WORKER_CRASHED', { detail: why }));
    if (startFailuresInRow > freeRestarts) rejectQueue(new PictorError('WORKER_CRASHED', { detail: why }));
    pause();
    replace();
    dispatch();
  }

  /** Keeps a crash loop from burning the processor: after a few free restarts the pauses double. */
  function pause(): void {
    const excess = crashesInRow - freeRestarts;
    if (excess <= 0) return;
    const milliseconds = Math.min(firstPauseMilliseconds * 2 ** (excess - 1), longestPauseMilliseconds);
    pausedUntil = performance.now() + milliseconds;
    clearTimeout(pauseTimer);
    pauseTimer = setTimeout(() => {
      pausedUntil = 0;
      dispatch();
    }, milliseconds);
  }

  /** A lost worker is started again before it is asked for, so that the next request does not wait for the start. */
  function replace(): void {
    if (!closed && pausedUntil === 0 && workers.size < options.size) startWorker();
  }

  function dispatch(): void {
    for (const worker of workers) {
      if (queue.length === 0) break;
      if (worker.ready && worker.task === null) begin(worker, queue.shift()!);
    }
    const starting = [...workers].filter((worker) => !worker.ready).length;
    let wanted = pausedUntil === 0 && !closed ? queue.length - starting : 0;
    for (; wanted > 0 && workers.size < options.size; wanted -= 1) startWorker();
    watchMemory();
  }

  function begin(worker: Worker, task: Task): void {
    worker.task = task;
    worker.child.send({ id: worker.jobs, work: task.work });
    if (options.timeoutSeconds === 0) return;
    worker.deadline = setTimeout(() => {
      totals.timedOut += 1;
      const detail = `after ${options.timeoutSeconds} seconds`;
      emit({ type: 'worker', what: 'timeout', pid: worker.child.pid, detail });
      endWorker(worker, new PictorError('TIMEOUT', { detail }));
    }, options.timeoutSeconds * 1000);
  }

  function checkMemory(worker: Worker, rss: number): void {
    worker.rss = rss;
    if (worker.task === null || worker.ending || options.memoryLimit === 0 || rss <= options.memoryLimit) return;
    const detail = `${rss} bytes resident, limit ${options.memoryLimit}`;
    emit({ type: 'worker', what: 'memory', pid: worker.child.pid, detail });
    endWorker(worker, new PictorError('WORKER_MEMORY', { detail }));
  }

  /** The watch runs only while a worker is busy. */
  function watchMemory(): void {
    const busy = canWatchMemory && options.memoryLimit > 0 && [...workers].some((worker) => worker.task !== null);
    if (busy && watch === undefined) {
      watch = setInterval(() => {
        for (const worker of workers) {
          if (worker.task === null) continue;
          void residentBytes(worker.child.pid).then((rss) => rss !== null && checkMemory(worker, rss));
        }
      }, memoryWatchMilliseconds);
    } else if (!busy) {
      clearInterval(watch);
      watch = undefined;
    }
  }

  function cancel(task: Task): void {
    const waiting = queue.indexOf(task);
    if (waiting >= 0) queue.splice(waiting, 1);
    task.reject(new PictorError('CANCELLED'));
    const worker = [...workers].find((each) => each.task === task);
    if (worker === undefined) return;
    clearTimeout(worker.deadline);
    worker.deadline = setTimeout(() => {
      totals.recycled += 1;
      emit({ type: 'worker', what: 'recycled', pid: worker.child.pid, detail: 'its job was cancelled' });
      endWorker(worker);
    }, abandonedSeconds * 1000);
  }

  function rejectQueue(error: PictorError): void {
    for (const task of queue.splice(0)) task.reject(error);
  }

  function run(work: Work, signal: AbortSignal): Promise<WorkResult> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(new PictorError('SHUTTING_DOWN'));
      if (signal.aborted) return reject(new PictorError('CANCELLED'));
      const onAbort = () => cancel(task);
      const settle = (outcome: () => void) => {
        if (task.settled) return;
        task.settled = true;
        signal.removeEventListener('abort', onAbort);
        outcome();
      };
      const task: Task = {
        work,
        settled: false,
        resolve: (result) => settle(() => resolve(result)),
        reject: (error) => settle(() => reject(error)),
      };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.push(task);
      dispatch();
    });
  }

  async function close(): Promise<void> {
    closed = true;
    clearTimeout(pauseTimer);
    rejectQueue(new PictorError('SHUTTING_DOWN'));
    const all = [...workers];
    const until = performance.now() + closeSeconds * 1000;
    while (all.some((worker) => workers.has(worker) && worker.task !== null) && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const worker of all) if (workers.has(worker)) endWorker(worker, new PictorError('SHUTTING_DOWN'));
    clearInterval(watch);
    await Promise.all(all.map((worker) => worker.gone));
  }

  // The first request should not wait for a process to start, and the caller not for the fork.
  setImmediate(() => workers.size === 0 && replace());

  return {
    run,
    close,
    stats: () => ({
      workers: workers.size,
      busy: [...workers].filter((worker) => worker.task !== null).length,
      ...totals,
      rssBytes: [...workers].reduce((sum, worker) => sum + worker.rss, 0),
    }),
  };
}
