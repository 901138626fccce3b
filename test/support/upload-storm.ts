/**
 * A burst of uploads while the server is killed again and again, and its bucket goes away. Whoever uploads tries until the
 * picture is acknowledged, as clients do; what was acknowledged is then looked for past the program.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from './keeping-pictor.ts';
import { type PictorProcess, startPictor } from './pictor-process.ts';
import type { StormPicture } from './storm-pictures.ts';
import { auditFolder, type StoredObjects } from './upload-audit.ts';

export interface StormPlan {
  readonly pictures: readonly StormPicture[];
  /** Uploads at the same time. */
  readonly concurrency: number;
  /** SIGKILLs, spread over the burst. */
  readonly kills: number;
  readonly root: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absent: the one of this clone. */
  readonly program?: string;
  /** What the bucket behind the folder has; null: there is none. */
  readonly remote: (() => Promise<StoredObjects>) | null;
  /** The bucket goes away for a while, when a third is acknowledged. */
  readonly outage?: {
    readonly seconds: number;
    stop(): Promise<void>;
    start(): Promise<void>;
  };
}

export interface StormReport {
  readonly acknowledged: readonly StormPicture[];
  readonly uploads: number;
  /** Answers that told the client to come again. */
  readonly refused: number;
  /** Connections that ended without an answer. */
  readonly broken: number;
  /** Acknowledged while the bucket was away. */
  readonly duringOutage: number;
  readonly seconds: number;
  /** What must not be: found while the server was dead, or answered. */
  readonly problems: readonly string[];
  /** The server as it runs now. */
  readonly pictor: PictorProcess;
}

/** Runs the burst to its end: every picture is acknowledged then. The server is left running. */
export async function storm(plan: StormPlan): Promise<StormReport> {
  const { pictures, concurrency, kills, outage } = plan;
  const began = performance.now();
  const acknowledged: StormPicture[] = [];
  const problems: string[] = [];
  const counts = { uploads: 0, refused: 0, broken: 0, duringOutage: 0 };
  const left = [...pictures];
  let away = false;
  let pictor = await start(plan);

  async function upload(picture: StormPicture): Promise<void> {
    const { folder, outputs, bytes } = picture;
    const target = outputs.length === 0 ? '/storm' : `/storm?outputs=${outputs.join(',')}`;
    for (;;) {
      counts.uploads += 1;
      const answer = await post(pictor.port, target, { body: bytes }).catch(() => null);
      if (answer?.status === 200) {
        const { hash } = JSON.parse(answer.text) as { hash: string };
        if (folder !== `storm/${hash.replace(/^(...)(...)(...)/, '$1/$2/$3/')}`)
          problems.push(`${folder} was acknowledged as ${hash}`);
        acknowledged.push(picture);
        if (away) counts.duringOutage += 1;
        return;
      }
      if (answer === null) counts.broken += 1;
      else if (answer.status >= 500) counts.refused += 1;
      else {
        problems.push(`${folder}: status ${answer.status} ${answer.text.slice(0, 200)}`);
        return;
      }
      await sleep(150);
    }
  }

  async function worker(): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      // The burst must not be over before the bucket is back: its last part only trickles meanwhile.
      if (away && acknowledged.length > pictures.length * 0.6) await sleep(concurrency * 60);
      await upload(next);
    }
  }

  const reached = async (share: number) => {
    while (acknowledged.length < pictures.length * share) await sleep(5);
  };

  async function killer(): Promise<void> {
    for (let count = 1; count <= kills; count += 1) {
      await reached(count / (kills + 1));
      await pictor.kill();
      // It may have just gone away.
      const remote = away ? null : ((await plan.remote?.().catch(() => null)) ?? null);
      problems.push(...(await auditFolder({ root: plan.root, acknowledged, remote })));
      pictor = await start(plan, pictor.port);
    }
  }

  async function breaker(): Promise<void> {
    if (outage === undefined) return;
    await reached(1 / 3);
    away = true;
    await outage.stop();
    await sleep(outage.seconds * 1000);
    await outage.start();
    away = false;
  }

  try {
    await Promise.all([killer(), breaker(), ...Array.from({ length: concurrency }, worker)]);
  } catch (error) {
    await pictor.kill();
    throw error;
  }
  return { acknowledged, ...counts, seconds: (performance.now() - began) / 1000, problems, pictor };
}

const start = ({ root, args, env, program }: StormPlan, port?: number): Promise<PictorProcess> =>
  startPictor({
    args: ['image-server', 'server', `--local_base_path=${root}`, ...args],
    env,
    ...(port === undefined ? {} : { port }),
    ...(program === undefined ? {} : { program }),
  });
