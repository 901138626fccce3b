import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { PictorError } from '../../core/errors.ts';
import { type Answers, type Channel, createChannel } from './channel.ts';
import type { PrimaryQuestions, ServingQuestions } from './questions.ts';

/** A process that serves, as the primary sees it. */
export interface Serving {
  readonly index: number;
  readonly pid: number;
  readonly channel: Channel<ServingQuestions>;
  /** True once it takes requests. */
  listens: boolean;
  /** True: it is told of every purge. */
  follows: boolean;
  /** Settles when it has ended, with how: `exit status 1`, `SIGKILL`. Never rejects. */
  readonly gone: Promise<string>;
  kill(): void;
}

/** Beside this file in the source tree, beside the bundle in the published form. */
const entry = (): string => {
  const name = import.meta.url.endsWith('.ts') ? './process.ts' : './process.js';
  return fileURLToPath(new URL(name, import.meta.url));
};

/** To be called once, before the first process. */
export function prepareForks(): void {
  // What the kernel cannot share out itself is one socket for all: connections that nobody has taken outlive a process.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: entry(), args: [], serialization: 'advanced' });
}

/** Starts a process, which then waits for its first order. It has the environment of this one, as the SDKs of clouds want it. */
export function forkServing(
  index: number,
  answersTo: (serving: Serving) => Answers<PrimaryQuestions>,
): Serving {
  const worker = cluster.fork();
  const { promise: gone, resolve } = Promise.withResolvers<string>();
  // Whom a question comes from is known to the answers; these are only asked once `serving` is there.
  const answers = Object.fromEntries(
    questionNames.map((name) => [name, (asked: never) => answersTo(serving)[name](asked)]),
  ) as unknown as Answers<PrimaryQuestions>;
  const channel = createChannel<ServingQuestions, PrimaryQuestions>(
    // A failed send means that the process is gone, which `exit` reports.
    (message) => void worker.send(message, () => {}),
    answers,
  );
  const end = (why: string) => {
    channel.end(new PictorError('INTERNAL', { detail: `a serving process ended: ${why}` }));
    resolve(why);
  };
  worker.on('message', channel.hear);
  worker.on('error', (error) => {
    worker.process.kill('SIGKILL');
    end(error.message);
  });
  worker.on('exit', (status, signal) => end(signal || `exit status ${status}`));
  const serving: Serving = {
    index,
    pid: worker.process.pid ?? 0,
    channel,
    listens: false,
    follows: false,
    gone,
    kill: () => void worker.process.kill('SIGKILL'),
  };
  return serving;
}

const questionNames = [
  'claim',
  'release',
  'purges',
  'setPurge',
  'swept',
  'objectChanged',
  'disown',
  'settled',
  'page',
] as const satisfies readonly (keyof PrimaryQuestions)[];
