import { publishedRuns } from '../../bench/files.ts';
import { pageOf } from '../../bench/page.ts';
import type { Generated } from '../gen.ts';

/** docs/benchmarks.md and its pictures: the runs that were published with `npm run bench -- --publish`. */
export function generate(): Generated {
  return pageOf(publishedRuns(), ['bench/results/published']);
}
