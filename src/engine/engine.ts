import { availableParallelism } from 'node:os';
import type { EmitEvent } from '../core/events.ts';
import type { ImageInfo } from '../core/image-info.ts';
import type { Engine, TransformResult } from '../plan/engine-port.ts';
import { createInProcessPool } from './in-process.ts';
import { createPool, type Pool } from './pool.ts';
import type { EngineSettings } from './settings.ts';

export interface EngineOptions extends EngineSettings {
  /** Variables the workers get; they inherit none. For instance `FONTCONFIG_PATH` or `LD_PRELOAD`. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Makes the engine. Nothing here loads sharp unless `isolation` is `none`; then it is loaded with the first image. */
export function createEngine(options: EngineOptions, emit: EmitEvent): Engine {
  const pool = poolOf(options, emit);
  return {
    async transform(job, signal) {
      const result = (await pool.run({ type: 'transform', job }, signal)) as TransformResult;
      emit({
        type: 'transform',
        from: result.source.format,
        to: result.format,
        decodeMs: result.timings.decodeMs,
        encodeMs: result.timings.encodeMs,
        bytes: result.bytes.length,
        frames: result.frames,
      });
      return result;
    },
    // Nobody waits long for a header; closing the engine ends it.
    async inspect(input, limits) {
      return (await pool.run({ type: 'inspect', input, limits }, new AbortController().signal)) as ImageInfo;
    },
    stats: () => pool.stats(),
    close: () => pool.close(),
  };
}

function poolOf(options: EngineOptions, emit: EmitEvent): Pool {
  const { isolation, workers, timeoutSeconds, memoryLimit, recycleAfter, environment = {} } = options;
  if (isolation === 'none') return createInProcessPool({ timeoutSeconds });
  const size = workers === 0 ? availableParallelism() : workers;
  return createPool({ size, timeoutSeconds, memoryLimit, recycleAfter, environment, emit });
}
