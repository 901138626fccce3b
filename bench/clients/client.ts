/** A client process: takes one job from its parent, answers with what it saw. */
import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Job, Seen } from './job.ts';
import { createWire, type Wire } from './wire.ts';

/** Connections of an open loop: enough that a request hardly ever waits for one. */
const openSockets = 256;

process.once('message', (job: Job) => void run(job));
// Nobody is there any more to be told.
process.once('disconnect', () => process.exit());

async function run(job: Job): Promise<void> {
  if (job.nice !== undefined) setPriority(job.nice);
  let ended = false;
  process.once('message', () => {
    ended = true;
  });
  const before = process.cpuUsage();
  const wire = createWire(job.port, job.perSecond === undefined ? 1024 : openSockets);
  const next = nextOf(job, () => ended);
  const { ask, answers } = recorderOf(askerOf(job, wire));
  const asked =
    job.perSecond === undefined
      ? closedLoop(next, job.lanes ?? job.paths.length, ask)
      : openLoop(next, job.perSecond, ask);
  await (job.seconds === undefined ? asked : Promise.race([asked, pause(job.seconds * 1000)]));
  const seen: Seen = { answers: answers(), cpuSeconds: secondsSince(before) };
  ended = true;
  wire.close();
  process.send?.(seen);
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The path to ask next; undefined: no more. */
function nextOf({ paths, repeats }: Job, ended: () => boolean): () => string | undefined {
  let index = 0;
  return () => {
    if (ended() || (index === paths.length && repeats !== true)) return undefined;
    const path = paths[index % paths.length];
    index += 1;
    return path;
  };
}

type Ask = (path: string) => Promise<Answer>;

/** Keeps what has been answered, in the order of the requests. */
function recorderOf(ask: Ask): { readonly ask: Ask; answers(): readonly Answer[] } {
  const answered: (Answer | undefined)[] = [];
  return {
    async ask(path) {
      const place = answered.push(undefined) - 1;
      const answer = await ask(path);
      answered[place] = answer;
      return answer;
    },
    answers: () => answered.filter((answer) => answer !== undefined),
  };
}

async function closedLoop(next: () => string | undefined, lanes: number, ask: Ask): Promise<void> {
  const lane = async () => {
    for (let path = next(); path !== undefined; path = next()) await ask(path);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Timers count in whole milliseconds: each time it is due, what should have been sent by then is sent. */
async function openLoop(next: () => string | undefined, perSecond: number, ask: Ask): Promise<void> {
  const asked: Promise<Answer>[] = [];
  const began = performance.now();
  for (let path = next(); path !== undefined; path = next()) {
    const early = (asked.length / perSecond) * 1000 - (performance.now() - began);
    if (early > 0) await pause(early);
    asked.push(ask(path));
  }
  await Promise.all(asked);
}

function askerOf({ upload }: Job, wire: Wire): Ask {
  const file = upload === undefined ? undefined : readFileSync(upload.file);
  const began = performance.now();
  let number = upload?.from ?? 0;
  return async (path) => {
    number += 1;
    const at = performance.now();
    const { status, retryAfter } = await wire.send({
      method: upload === undefined ? 'GET' : 'POST',
      path,
      ...(upload === undefined
        ? {}
        : { body: { type: upload.type, bytes: Buffer.concat([file!, Buffer.from(` ${number}`)]) } }),
    });
    return { status, at: at - began, ms: performance.now() - at, retryAfter };
  };
}
