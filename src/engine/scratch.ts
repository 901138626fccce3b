import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * Removes what a worker that has ended left in the folder for temporary files. Best effort, and synchronous: the folder
 * is hardly ever there, and the caller may be about to end.
 */
export function clearAfter(scratch: string, pid: number): void {
  try {
    const left = readdirSync(scratch).filter((name) => name.startsWith(`${pid}-`));
    for (const name of left) rmSync(path.join(scratch, name), { recursive: true, force: true });
  } catch {
    // It was never made.
  }
}
