import { readFileSync } from 'node:fs';

/** True where `/proc` tells the memory of other processes; elsewhere a worker reports its own. */
export const canWatchMemory = process.platform === 'linux';

/**
 * Resident bytes of a process, or null when it is gone. Reads `VmRSS` of `/proc/<pid>/status` (proc(5)), which is in
 * KiB whatever the page size is. Synchronous: the kernel answers from memory, three trips to the thread pool cost more.
 */
function residentBytes(pid: number): number | null {
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return match === null ? null : Number(match[1]) * 1024;
  } catch {
    return null;
  }
}

const watchMilliseconds = 100;

/**
 * Reports the resident memory of processes again and again while there are any to watch.
 * @param watched the processes to look at, asked each time
 * @returns to be called whenever the answer of `watched` may have changed
 */
export function watchMemory<Process extends { readonly pid: number }>(
  watched: () => readonly Process[],
  report: (process: Process, rss: number) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    for (const process of watched()) {
      const rss = residentBytes(process.pid);
      if (rss !== null) report(process, rss);
    }
  };
  return () => {
    if (watched().length === 0) {
      clearInterval(timer);
      timer = undefined;
    } else {
      timer ??= setInterval(look, watchMilliseconds);
    }
  };
}
