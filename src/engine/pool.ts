import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { EngineStats } from '../plan/engine-port.ts';
import { canWatchMemory, watchMemory } from './resident-memory.ts';
import { createRestartPause, freeRestarts } from './restart-pause.ts';
import { createTask, type Task } from './task.ts';
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
  /** See `WorkerChildOptions`. */
  readonly startsPrograms: boolean;
  /** See `WorkerChildOptions`. */
  readonly lowest?: true;
  readonly emit: EmitEvent;
  /** Called when a worker process has ended, however it did. */
  gone?(pid: number): void;
}

/** Worker processes with one job each and a queue before them: first in, first out. */
export interface Pool {
  /** @throws PictorError what the job throws, or TIMEOUT, WORKER_CRASHED, WORKER_MEMORY, CANCELLED, SHUTTING_DOWN */
  run(work: Work, signal: AbortSignal): Promise<WorkResult>;
  stats(): EngineStats;
  /** Refuses what waits, lets what runs finish (ten seconds at most), ends every worker. */
  close(): Promise<void>;
}

interface Worker {
  readonly pid: number;
  readonly child: WorkerChild;
  ready: boolean;
  task: Task | null;
  jobs: number;
  rss: number;
  /** Ends a start or a job that takes too long. */
  deadline: NodeJS.Timeout | undefined;
  /** Set when we ended it ourselves: its end is no crash. */
  ending: boolean;
}

/** Why a worker is taken out of service, as the event says it. */
type EndReason = 'recycled' | 'timeout' | 'memory';

/** A worker that has not said `ready` by then counts as crashed. */
const startSeconds = 30;
/** How long a job nobody waits for any more may go on: a kill costs a new process, and most jobs end sooner. */
const abandonedSeconds = 1;
const closeSeconds = 10;
/** A worker that stays above this share of the memory limit between jobs is replaced. */
const idleMemoryShare = 0.25;

export function createPool(options: PoolOptions): Pool {
  const { emit, memoryLimit, recycleAfter, timeoutSeconds } = options;
  const workers = new Set<Worker>();
  const ends = new Set<Promise<void>>();
  const queue: Task[] = [];
  const totals = { started: 0, crashed: 0, timedOut: 0, recycled: 0 };
  let startFailuresInRow = 0;
  let closed = false;

  const busy = () => [...workers].filter((worker) => worker.task !== null);
  const pause = createRestartPause(() => dispatch());
  const watch =
    canWatchMemory && memoryLimit > 0
      ? watchMemory(busy, (worker, rss) => checkMemory(worker, rss))
      : () => {};

  function startWorker(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const child = forkWorker(options, {
      message: (message) => onMessage(worker, message),
      gone: (why) => {
        ends.delete(promise);
        resolve();
        options.gone?.(child.pid);
        onGone(worker, why);
      },
    });
    const deadline = setTimeout(() => child.kill(), startSeconds * 1000);
    const worker: Worker = {
      pid: child.pid,
      child,
      ready: false,
      task: null,
      jobs: 0,
      rss: 0,
      deadline,
      ending: false,
    };
    ends.add(promise);
    workers.add(worker);
    totals.started += 1;
    emit({ type: 'worker', what: 'started', pid: child.pid });
  }

  /** Takes a worker out of service and kills it; whoever waits for its job is told `error`. */
  function endWorker(worker: Worker, error: PictorError): void {
    worker.ending = true;
    clearTimeout(worker.deadline);
    workers.delete(worker);
    worker.child.kill();
    worker.task?.reject(error);
    worker.task = null;
    replace();
    dispatch();
  }

  function endFor(worker: Worker, what: EndReason, detail: string): void {
    if (what === 'recycled') totals.recycled += 1;
    if (what === 'timeout') totals.timedOut += 1;
    emit({ type: 'worker', what, pid: worker.pid, detail });
    const code = what === 'timeout' ? 'TIMEOUT' : what === 'memory' ? 'WORKER_MEMORY' : 'CANCELLED';
    endWorker(worker, new PictorError(code, { detail }));
  }

  function onMessage(worker: Worker, message: FromWorker): void {
    if (worker.ending) return;
    if (message.type === 'memory') {
      checkMemory(worker, message.rss);
      return;
    }
    clearTimeout(worker.deadline);
    if (message.type === 'ready') {
      worker.ready = true;
      startFailuresInRow = 0;
    } else {
      finish(worker, message);
    }
    dispatch();
  }

  function finish(worker: Worker, message: Extract<FromWorker, { id: number }>): void {
    const { task } = worker;
    if (message.type === 'done') task?.resolve(message.result);
    else task?.reject(fromWireError(message.error));
    worker.task = null;
    worker.jobs += 1;
    worker.rss = message.rss;
    pause.worked();
    if (recycleAfter > 0 && worker.jobs >= recycleAfter) {
      endFor(worker, 'recycled', `after ${worker.jobs} images`);
    } else if (memoryLimit > 0 && worker.rss > memoryLimit * idleMemoryShare) {
      endFor(worker, 'recycled', `idle with ${worker.rss} bytes`);
    }
  }

  function onGone(worker: Worker, why: string): void {
    if (worker.ending) return;
    clearTimeout(worker.deadline);
    workers.delete(worker);
    totals.crashed += 1;
    emit({ type: 'worker', what: 'crashed', pid: worker.pid, detail: why });
    const error = new PictorError('WORKER_CRASHED', { detail: why });
    worker.task?.reject(error);
    if (!worker.ready) startFailuresInRow += 1;
    if (startFailuresInRow > freeRestarts) rejectQueue(error);
    pause.crashed();
    replace();
    dispatch();
  }

  /** A lost worker is started again before it is asked for, so that no request waits for the start. */
  function replace(): void {
    if (!closed && !pause.active && workers.size < options.size) startWorker();
  }

  function dispatch(): void {
    for (const worker of workers) {
      if (queue.length === 0) break;
      if (worker.ready && worker.task === null) begin(worker, queue.shift()!);
    }
    const starting = [...workers].filter((worker) => !worker.ready).length;
    for (let wanted = queue.length - starting; wanted > 0; wanted -= 1) replace();
    watch();
  }

  function begin(worker: Worker, task: Task): void {
    worker.task = task;
    worker.child.send({ id: worker.jobs, work: task.work });
    if (timeoutSeconds === 0) return;
    const end = () => endFor(worker, 'timeout', `after ${timeoutSeconds} seconds`);
    worker.deadline = setTimeout(end, timeoutSeconds * 1000);
  }

  function checkMemory(worker: Worker, rss: number): void {
    worker.rss = rss;
    if (worker.task === null || worker.ending || memoryLimit === 0 || rss <= memoryLimit) return;
    endFor(worker, 'memory', `${rss} bytes resident, limit ${memoryLimit}`);
  }

  function cancel(task: Task): void {
    const waiting = queue.indexOf(task);
    if (waiting >= 0) queue.splice(waiting, 1);
    task.reject(new PictorError('CANCELLED'));
    const worker = busy().find((each) => each.task === task);
    if (worker === undefined) return;
    clearTimeout(worker.deadline);
    const end = () => endFor(worker, 'recycled', 'nobody waited for its job any more');
    worker.deadline = setTimeout(end, abandonedSeconds * 1000);
  }

  function rejectQueue(error: PictorError): void {
    for (const task of queue.splice(0)) task.reject(error);
  }

  async function close(): Promise<void> {
    closed = true;
    pause.stop();
    const error = new PictorError('SHUTTING_DOWN');
    rejectQueue(error);
    const until = performance.now() + closeSeconds * 1000;
    while (busy().length > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const worker of workers) endWorker(worker, error);
    await Promise.all(ends);
  }

  // The first request should not wait for a process to start, nor the caller for the fork.
  setImmediate(() => workers.size === 0 && replace());

  return {
    run: (work, signal) => {
      if (closed) return Promise.reject(new PictorError('SHUTTING_DOWN'));
      if (signal.aborted) return Promise.reject(new PictorError('CANCELLED'));
      const { task, result } = createTask(work, signal, cancel);
      queue.push(task);
      dispatch();
      return result;
    },
    close,
    stats: () => ({
      workers: workers.size,
      busy: busy().length,
      ...totals,
      rssBytes: [...workers].reduce((sum, worker) => sum + worker.rss, 0),
    }),
  };
}
