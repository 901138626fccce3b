import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Answer, Job, Seen } from './clients/job.ts';
import { endWithBench } from './leftovers.ts';

export type { Answer, Seen } from './clients/job.ts';

/** A client in a process of its own, so that what the bench does besides is not measured as the server's. */
export interface Client {
  /** Resolves by itself unless the job repeats. */
  readonly seen: Promise<Seen>;
  /** Ends a job that repeats. */
  end(): Promise<readonly Answer[]>;
  /** Goes away, as a client does that no longer wants its answers. */
  leave(): void;
}

/** A server that has not answered everything by then never will. */
const patienceMs = 180_000;

/** Starts a client; requests go out as soon as it runs. */
export function startClient(job: Job): Client {
  const script = join(import.meta.dirname, 'clients/client.ts');
  const child = spawn(process.execPath, [script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  endWithBench(child);
  const seen = new Promise<Seen>((resolve, reject) => {
    child.once('message', (message) => {
      resolve(message as Seen);
      child.disconnect();
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`the client ended with ${signal ?? code}`)));
  });
  const late = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  child.once('exit', () => clearTimeout(late));
  child.send(job);
  return {
    seen,
    async end() {
      child.send('end');
      return (await seen).answers;
    },
    leave() {
      seen.catch(() => {});
      child.kill('SIGKILL');
    },
  };
}

/** Runs a job to its end. @throws Error where an answer is not a 200 */
export async function ask(job: Job): Promise<readonly Answer[]> {
  const { answers } = await startClient(job).seen;
  const failed = answers.find(({ status }) => status !== 200);
  if (failed !== undefined) throw new Error(`a request was answered ${failed.status}`);
  return answers;
}
