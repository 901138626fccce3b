import { createServer as createProbe } from 'node:net';
import { asPictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';
import { createRestartPause, type RestartPause } from '../../engine/restart-pause.ts';
import { createAdmin } from '../../http/admin.ts';
import { bindServer } from '../../http/bind.ts';
import type { Readiness } from '../../http/probes.ts';
import { createAccessLog } from '../../observe/access-log.ts';
import { cachesOf } from '../caches.ts';
import { openPurges } from '../purging.ts';
import type { Addresses, ImageServer } from '../server.ts';
import type { AppConfig } from '../settings.ts';
import { componentVersions } from '../versions.ts';
import { createClaims } from './claims.ts';
import { watchLiveness } from './liveness.ts';
import { createPages } from './pages.ts';
import { createPrimaryAnswers } from './primary-answers.ts';
import { forkServing, prepareForks, type Serving } from './serving.ts';
import { inTime } from './starting.ts';

/** A server of several processes: all of `ImageServer` but the request handler, which is theirs. */
export type ManyProcesses = Omit<ImageServer, 'handle'>;

export interface PrimaryOptions {
  /** As in `StartOptions`. */
  readonly demonstration: boolean;
}

/** A process that lived this long was no part of a loop of crashes. Milliseconds. */
const soundAfter = 10_000;

/**
 * Starts the processes that serve, sees that there are as many as there should be, and answers for all of them where one
 * answer is wanted: probes, metrics, purges, whose turn it is. No request passes through it.
 * @throws whatever keeps one of them from being put together: ConfigError, PictorError STORE_FAILED …
 */
export async function createPrimary(config: AppConfig, options: PrimaryOptions): Promise<ManyProcesses> {
  const { processes: count } = config.server;
  const log = createAccessLog({ settings: config.log, isShared: true });
  const emit: EmitEvent = log.listen;
  const places: (Serving | null)[] = Array.from({ length: count }, () => null);
  const serving = () => places.filter((each) => each !== null);
  const listening = () => serving().filter(({ listens }) => listens);
  const pages = await createPages({ config, serving: listening });
  const claims = createClaims<Serving>();
  const answers = createPrimaryAnswers({
    serving,
    claims,
    purges: await openPurges(cachesOf(config).all.map(({ settings }) => settings)),
    page: pages.page,
    emit,
  });
  let state: Readiness = 'starting';
  let wasReady = false;
  let closing: Promise<void> | null = null;
  const admin = createAdmin({
    settings: config.admin,
    metrics: pages.operators,
    readiness: () => (state === 'ready' && listening().length === 0 ? 'starting' : state),
    version: () => componentVersions(config.engine),
  });
  prepareForks();
  const liveness = watchLiveness({ serving: listening, emit });

  /** Begins a process in its place. */
  function begin(index: number): Serving {
    const started = forkServing(index, answers);
    places[index] = started;
    pages.note('started');
    void started.gone.then((why) => {
      if (places[index] === started) places[index] = null;
      claims.gone(started);
      if (closing !== null) return;
      pages.note('ended');
      if (state === 'ready') replace(started, why);
    });
    return started;
  }

  const order = (index: number) => ({
    config,
    demonstration: options.demonstration,
    place: { index, count },
  });

  const pauses: readonly RestartPause[] = places.map((_, index) =>
    createRestartPause(() => void beginAnew(index)),
  );

  function replace({ index, pid }: Serving, why: string): void {
    const pause = pauses[index]!;
    pause.crashed();
    const facts = { process: index + 1, pid, detail: why };
    const message = 'a serving process ended; another one takes its place';
    emit({ type: 'notice', level: 'error', message, facts });
    if (!pause.active) void beginAnew(index);
  }

  async function beginAnew(index: number): Promise<void> {
    if (closing !== null) return;
    const started = begin(index);
    try {
      await inTime(started, started.channel.ask('start', order(index)));
      await inTime(started, started.channel.ask('listen'));
      started.listens = true;
      setTimeout(() => places[index] === started && pauses[index]?.worked(), soundAfter).unref();
      const facts = { process: index + 1, pid: started.pid };
      emit({ type: 'notice', level: 'info', message: 'a serving process is ready', facts });
    } catch (thrown) {
      const { detail, message } = asPictorError(thrown);
      const facts = { process: index + 1, pid: started.pid, detail: detail ?? message };
      if (closing === null)
        emit({ type: 'notice', level: 'error', message: 'a serving process cannot start', facts });
      // Its end is what has another one started, after a pause.
      started.kill();
    }
  }

  async function end(each: Serving): Promise<void> {
    // Not there yet, to replace another: nobody has asked it anything, and it may hang.
    if (wasReady && !each.listens) each.kill();
    await each.channel.ask('close').catch(() => {});
    each.listens = false;
    each.channel.tell('exit');
    await each.gone;
  }

  async function closeAll(): Promise<void> {
    emit({ type: 'notice', level: 'info', message: 'stopping' });
    for (const pause of pauses) pause.stop();
    await Promise.all(serving().map(end));
    liveness.stop();
    await admin.close();
    emit({ type: 'notice', level: 'info', message: 'stopped' });
    await log.close();
  }

  function close(): Promise<void> {
    wasReady ||= state === 'ready';
    state = 'stopping';
    closing ??= closeAll();
    return closing;
  }

  let reloads = false;
  try {
    const started = await Promise.all(
      places.map((_, index) => {
        const each = begin(index);
        return inTime(each, each.channel.ask('start', order(index)));
      }),
    );
    reloads = started.some((each) => each.reloads);
  } catch (error) {
    await giveUp();
    throw error;
  }

  /** Nothing was served yet. */
  async function giveUp(): Promise<void> {
    closing = Promise.resolve();
    liveness.stop();
    for (const each of serving()) each.kill();
    await Promise.all(serving().map(({ gone }) => gone));
    await admin.close();
    await log.close();
  }

  return {
    emit,
    reload: reloads
      ? () => {
          for (const { channel } of serving()) channel.tell('reload');
        }
      : null,
    flush: log.close,
    async listen(): Promise<Addresses> {
      try {
        await refuseTaken(config);
        const ofAdmin = await admin.listen();
        const all = await Promise.all(
          serving().map(async (each) => {
            const addresses = await inTime(each, each.channel.ask('listen'));
            each.listens = true;
            return addresses;
          }),
        );
        if (closing === null) state = 'ready';
        // Of one that ended since its start nobody has taken the place yet.
        for (const [index, each] of places.entries()) if (each === null) void beginAnew(index);
        return { ...all[0]!, admin: ofAdmin?.text ?? null };
      } catch (error) {
        if (closing === null) await giveUp();
        throw error;
      }
    },
    close,
  };
}

/**
 * The processes take their port together, so the kernel would let them take one that another program of ours has too: whether
 * it is free is tried before. That also removes the file of a Unix socket whose program was killed.
 * @throws PictorError LISTEN_FAILED
 */
async function refuseTaken({ server }: AppConfig): Promise<void> {
  for (const text of [server.bind, server.plain.bind]) {
    if (text === '') continue;
    const probe = createProbe();
    await bindServer(probe, text);
    await new Promise<void>((resolve) => {
      probe.close(() => resolve());
    });
  }
}
