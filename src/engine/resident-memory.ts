import { readFile } from 'node:fs/promises';

/** True where `/proc` tells the memory of other processes; elsewhere a worker reports its own. */
export const canWatchMemory = process.platform === 'linux';

/**
 * Resident bytes of a process, or null when it is gone. Reads `VmRSS` of `/proc/<pid>/status` (proc(5)), which is in
 * KiB whatever the page size is.
 */
export async function residentBytes(pid: number): Promise<number | null> {
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'latin1'));
    return match === null ? null : Number(match[1]) * 1024;
  } catch {
    return null;
  }
}
