/** A client process: takes one job from its parent, answers with what it saw. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Job, Seen } from './job.ts';

/** Connections of an open loop: enough that a request hardly ever waits for one. */
const openSockets = 256;

process.once('message', (job: Job) => void run(job));

async function run(job: Job): Promise<void> {
  if (job.nice !== undefined) setPriority(job.nice);
  let ended = false;
  process.once('message', () => {
    ended = true;
  });
  const before = process.cpuUsage();
  const agent = new Agent({ keepAlive: true, maxSockets: job.perSecond === undefined ? 1024 : openSockets });
  const next = nextOf(job, () => ended);
  const { ask, answers } = recorderOf(askerOf(job, agent));
  const asked =
    job.perSecond === undefined
      ? closedLoop(next, job.lanes ?? job.paths.length, ask)
      : openLoop(next, job.perSecond, ask);
  await (job.seconds === undefined ? asked : Promise.race([asked, pause(job.seconds * 1000)]));
  const seen: Seen = { answers: answers(), cpuSeconds: secondsSince(before) };
  ended = true;
  agent.destroy();
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
function openLoop(next: () => string | undefined, perSecond: number, ask: Ask): Promise<unknown> {
  const asked: Promise<Answer>[] = [];
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      const due = ((performance.now() - began) / 1000) * perSecond;
      while (asked.length < due) {
        const path = next();
        if (path === undefined) {
          clearInterval(timer);
          Promise.all(asked).then(resolve, reject);
          return;
        }
        asked.push(ask(path));
      }
    }, 1);
  });
}

function askerOf({ port, upload }: Job, agent: Agent): Ask {
  const file = upload === undefined ? undefined : readFileSync(upload.file);
  const headers = upload === undefined ? {} : { 'Content-Type': upload.type };
  const method = upload === undefined ? 'GET' : 'POST';
  const began = performance.now();
  let number = upload?.from ?? 0;
  return (path) =>
    new Promise((resolve) => {
      const at = performance.now();
      let bytes = 0;
      const end = (status: number, retryAfter = false) =>
        resolve({ status, at: at - began, ms: performance.now() - at, bytes, retryAfter });
      const outgoing = request({ agent, host: '127.0.0.1', port, path, method, headers }, (reply) => {
        reply.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        reply.on('end', () => end(reply.statusCode ?? 0, reply.headers['retry-after'] !== undefined));
        reply.on('error', () => end(0));
      });
      outgoing.on('error', () => end(0));
      number += 1;
      outgoing.end(file === undefined ? undefined : Buffer.concat([file, Buffer.from(` ${number}`)]));
    });
}
