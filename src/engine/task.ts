import type { PictorError } from '../core/errors.ts';
import type { Work, WorkResult } from './wire.ts';

/** A piece of work and whoever waits for it. The first answer counts. */
export interface Task {
  readonly work: Work;
  resolve(result: WorkResult): void;
  reject(error: PictorError): void;
}

/** @param onAbort called when the signal aborts before there is an answer */
export function createTask(
  work: Work,
  signal: AbortSignal,
  onAbort: (task: Task) => void,
): { readonly task: Task; readonly result: Promise<WorkResult> } {
  const { promise, resolve, reject } = Promise.withResolvers<WorkResult>();
  const aborted = () => onAbort(task);
  const answered = () => signal.removeEventListener('abort', aborted);
  const task: Task = {
    work,
    resolve: (result) => {
      answered();
      resolve(result);
    },
    reject: (error) => {
      answered();
      reject(error);
    },
  };
  signal.addEventListener('abort', aborted, { once: true });
  return { task, result: promise };
}
