import { missing } from '../engine/availability.ts';

/** What is wrong with the program that is to write HEIC; null when it can be run or none is named. */
export function heifEncoderProblem(program: string): string | null {
  if (program === '') return null;
  return missing({ program: 'heifEncoder' }, { heifEncoder: program }) === null
    ? null
    : 'this is no program that can be run';
}
