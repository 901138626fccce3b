import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import type { EmitEvent, PictorEvent } from '../core/events.ts';
import type { ImageInfo } from '../core/image-info.ts';
import type { Engine, Mezzanine, TransformJob, TransformResult } from '../plan/engine-port.ts';
import type { PassedOver } from '../plan/within-budget.ts';
import type { EncoderTools } from './codec.ts';
import { createInProcessPool } from './in-process.ts';
import { createPool, type Pool, type PoolOptions } from './pool.ts';
import { clearAfter } from './scratch.ts';
import type { EngineSettings } from './settings.ts';
import { createSparePool, noStats, type SparePool, together } from './spare-pool.ts';

export interface EngineOptions extends EngineSettings {
  /** Variables the workers get; they inherit none. For instance `FONTCONFIG_PATH` or `LD_PRELOAD`. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Makes the engine. Nothing here loads sharp unless `isolation` is `none`; then it is loaded with the first image. */
export function createEngine(options: EngineOptions, emit: EmitEvent): Engine {
  const tools = toolsOf(options);
  const pool = poolOf(options, { tools, emit });
  const spare = sparePoolOf(options, { pool, tools, emit });

  async function transform(on: Pick<Pool, 'run'>, job: TransformJob, signal: AbortSignal) {
    const result = (await on.run({ type: 'transform', job, tools }, signal)) as TransformResult | PassedOver;
    if (!('passedOver' in result)) emit(transformEvent(result));
    return result;
  }

  return {
    transform: (job, signal) => transform(pool, job, signal) as Promise<TransformResult>,
    transformWithin: (job, signal) => transform(pool, job, signal),
    transformInIdle: (job, signal) => transform(spare, job, signal) as Promise<TransformResult>,
    // Nobody waits long for a header; closing the engine ends it.
    async inspect(input, limits) {
      return (await pool.run({ type: 'inspect', input, limits }, new AbortController().signal)) as ImageInfo;
    },
    async reduce(order) {
      const work = { type: 'reduce', ...order } as const;
      return (await pool.run(work, new AbortController().signal)) as readonly Mezzanine[];
    },
    stats: () => together(pool.stats(), spare.stats()),
    async close() {
      await Promise.all([pool.close(), spare.close()]);
      await rm(tools.scratch, { recursive: true, force: true });
    },
  };
}

const transformEvent = ({
  source,
  format,
  timings,
  bytes,
  written = bytes.length,
  frames,
  reused,
}: TransformResult): PictorEvent => ({
  type: 'transform',
  from: source.format,
  to: format,
  decodeMs: timings.decodeMs,
  encodeMs: timings.encodeMs,
  bytes: written,
  frames,
  ...(reused === undefined ? {} : { reused }),
});

/** The folder is made by whoever needs it first. Nobody else can guess its name and get there before. */
function toolsOf({ heifEncoder, timeoutSeconds, memoryLimit }: EngineOptions): EncoderTools {
  const scratch = path.join(tmpdir(), `pictor-${randomBytes(12).toString('hex')}`);
  return { heifEncoder, scratch, timeoutSeconds, memoryLimit };
}

interface Opening {
  readonly tools: EncoderTools;
  readonly emit: EmitEvent;
}

function processPool(
  options: EngineOptions,
  { tools: { scratch, heifEncoder }, emit }: Opening,
  more: Pick<PoolOptions, 'size' | 'timeoutSeconds' | 'lowest'>,
): Pool {
  const { memoryLimit, recycleAfter, environment = {} } = options;
  return createPool({
    memoryLimit,
    recycleAfter,
    environment,
    startsPrograms: heifEncoder !== '',
    emit,
    gone: (pid) => clearAfter(scratch, pid),
    ...more,
  });
}

function poolOf(options: EngineOptions, opening: Opening): Pool {
  const { isolation, workers, timeoutSeconds } = options;
  if (isolation === 'none') return createInProcessPool({ timeoutSeconds });
  const size = workers === 0 ? availableParallelism() : workers;
  return processPool(options, opening, { size, timeoutSeconds });
}

/** Started in vain, a worker costs more than one that waits a little for the next piece. */
const restMilliseconds = 15_000;
/** Who only gets what time the others leave needs more of it. */
const patience = 4;

/** The worker of what nobody waits for. Inside the server there are none, and so none to spare. */
function sparePoolOf(options: EngineOptions, opening: Opening & { readonly pool: Pool }): SparePool {
  if (options.isolation === 'none')
    return { run: opening.pool.run, stats: () => noStats, close: async () => {} };
  const timeoutSeconds = options.timeoutSeconds * patience;
  const open = () => processPool(options, opening, { size: 1, timeoutSeconds, lowest: true });
  return createSparePool({ open, restMilliseconds });
}
