/** A running server of several processes. */
import type { TestContext } from 'node:test';
import { livePictor, until } from './live-pictor.ts';
import type { PictorProcess, startPictor } from './pictor-process.ts';

type Start = Parameters<typeof startPictor>[0];

/** Waits until all of them take requests: the first that does lets clients in. */
export async function manyProcesses(
  t: TestContext,
  { processes, env, ...start }: Start & { readonly processes: number },
): Promise<PictorProcess> {
  const pictor = await livePictor(t, {
    ...start,
    env: { PICTOR_SERVER_PROCESSES: String(processes), ...env },
  });
  await until('all processes are ready', () => isReady(pictor));
  return pictor;
}

/** What the readiness probe says. */
export const isReady = async ({ adminPort }: Pick<PictorProcess, 'adminPort'>): Promise<boolean> =>
  (await fetch(`http://127.0.0.1:${adminPort}/probe/ready`).catch(() => null))?.status === 200;

/** Who answered: ids of requests begin with what names their process. */
export const answeredBy = ({
  headers,
}: {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}): string => String(headers['x-request-id']).slice(0, 10);
