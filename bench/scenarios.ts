import { batch } from './scenarios/batch.ts';
import { coalescing } from './scenarios/coalescing.ts';
import { cold } from './scenarios/cold.ts';
import { flood } from './scenarios/flood.ts';
import { hits } from './scenarios/hits.ts';
import type { Bench, Row } from './scenarios/jobs.ts';
import { memory } from './scenarios/memory.ts';
import { mixed } from './scenarios/mixed.ts';
import { overload } from './scenarios/overload.ts';
import { parse } from './scenarios/parse.ts';
import { processes } from './scenarios/processes.ts';
import { reuse } from './scenarios/reuse.ts';
import { slowOrigins } from './scenarios/slow-origins.ts';
import { srcset } from './scenarios/srcset.ts';
import { start } from './scenarios/start.ts';
import { uploads } from './scenarios/uploads.ts';

/** Every scenario by the name of its chapter, in the order they are run. */
export const scenarios: Readonly<Record<string, (bench: Bench) => Promise<Row[]>>> = {
  start,
  parse,
  cold,
  reuse,
  srcset,
  hits,
  processes,
  mixed,
  coalescing,
  overload,
  flood,
  slowOrigins,
  uploads,
  memory,
  batch,
};

/** Those of a run that names none. Of the few pictures of a quick batch, starts are so large a part that it judges nothing. */
export const scenariosOf = ({ full }: Pick<Bench, 'full'>): string[] =>
  Object.keys(scenarios).filter((name) => full || name !== 'batch');
