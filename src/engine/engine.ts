import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import type { EmitEvent } from '../core/events.ts';
import type { ImageInfo } from '../core/image-info.ts';
import type { Engine, Mezzanine, TransformResult } from '../plan/engine-port.ts';
import type { EncoderTools } from './codec.ts';
import { createInProcessPool } from './in-process.ts';
import { createPool, type Pool } from './pool.ts';
import { clearAfter } from './scratch.ts';
import type { EngineSettings } from './settings.ts';

export interface EngineOptions extends EngineSettings {
  /** Variables the workers get; they inherit none. For instance `FONTCONFIG_PATH` or `LD_PRELOAD`. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Makes the engine. Nothing here loads sharp unless `isolation` is `none`; then it is loaded with the first image. */
export function createEngine(options: EngineOptions, emit: EmitEvent): Engine {
  const tools = toolsOf(options);
  const pool = poolOf(options, tools, emit);
  return {
    async transform(job, signal) {
      const result = (await pool.run({ type: 'transform', job, tools }, signal)) as TransformResult;
      emit({
        type: 'transform',
        from: result.source.format,
        to: result.format,
        decodeMs: result.timings.decodeMs,
        encodeMs: result.timings.encodeMs,
        bytes: result.bytes.length,
        frames: result.frames,
        ...(result.reused === undefined ? {} : { reused: true }),
      });
      return result;
    },
    // Nobody waits long for a header; closing the engine ends it.
    async inspect(input, limits) {
      return (await pool.run({ type: 'inspect', input, limits }, new AbortController().signal)) as ImageInfo;
    },
    async reduce(input, limits) {
      const { scratch } = tools;
      const work = { type: 'reduce', input, limits, scratch } as const;
      return (await pool.run(work, new AbortController().signal)) as readonly Mezzanine[];
    },
    stats: () => pool.stats(),
    async close() {
      await pool.close();
      await rm(tools.scratch, { recursive: true, force: true });
    },
  };
}

/** The folder is made by whoever needs it first. Nobody else can guess its name and get there before. */
function toolsOf({ heifEncoder, timeoutSeconds, memoryLimit }: EngineOptions): EncoderTools {
  const scratch = path.join(tmpdir(), `pictor-${randomBytes(12).toString('hex')}`);
  return { heifEncoder, scratch, timeoutSeconds, memoryLimit };
}

function poolOf(options: EngineOptions, { scratch, heifEncoder }: EncoderTools, emit: EmitEvent): Pool {
  const { isolation, workers, timeoutSeconds, memoryLimit, recycleAfter, environment = {} } = options;
  if (isolation === 'none') return createInProcessPool({ timeoutSeconds });
  const size = workers === 0 ? availableParallelism() : workers;
  return createPool({
    size,
    timeoutSeconds,
    memoryLimit,
    recycleAfter,
    environment,
    startsPrograms: heifEncoder !== '',
    emit,
    gone: (pid) => clearAfter(scratch, pid),
  });
}
