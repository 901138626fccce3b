import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { PictorError } from '../core/errors.ts';
import { canWatchMemory, watchMemory } from './resident-memory.ts';

export interface ProgramRun {
  readonly file: string;
  readonly args: readonly string[];
  /** 0: no limit. */
  readonly timeoutSeconds: number;
  /** Resident bytes; 0: no limit. Watched where `/proc` tells them. */
  readonly memoryLimit: number;
}

const keptErrorText = 1000;

/**
 * Runs a program of the operator's to its end: no shell, an empty environment, low priority, nothing to read. It belongs
 * to the process group of the worker, which is killed with it.
 * @throws PictorError WORKER_CRASHED when it cannot be started or fails, TIMEOUT, WORKER_MEMORY when it exceeds a bound
 */
export async function runProgram({ file, args, timeoutSeconds, memoryLimit }: ProgramRun): Promise<void> {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: {}, windowsHide: true });
  lowerPriority(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-keptErrorText);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (detail: string) => reject(new PictorError('WORKER_CRASHED', { detail }));
  child.on('error', (error) => failed(`${file}: ${error.message}`));
  child.on('close', (status, signal) => {
    if (status === 0) resolve();
    else failed(`${file}: ${signal ?? `exit status ${status}`}: ${said.trim()}`);
  });
  const end = (code: 'TIMEOUT' | 'WORKER_MEMORY') => {
    reject(new PictorError(code, { detail: file }));
    child.kill('SIGKILL');
  };
  const timer = timeoutSeconds === 0 ? undefined : setTimeout(() => end('TIMEOUT'), timeoutSeconds * 1000);
  const unwatch = watch(child, memoryLimit, () => end('WORKER_MEMORY'));
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    unwatch();
  }
}

function watch(child: ChildProcess, memoryLimit: number, exceeded: () => void): () => void {
  const { pid } = child;
  if (!canWatchMemory || memoryLimit === 0 || pid === undefined) return () => {};
  let watched = [{ pid }];
  const look = watchMemory(
    () => watched,
    (_, rss) => {
      if (rss > memoryLimit) exceeded();
    },
  );
  look();
  return () => {
    watched = [];
    look();
  };
}

function lowerPriority({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It ended already, or may not be told: it works all the same.
  }
}
