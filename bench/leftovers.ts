import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

/** What a run has started ends with it, however that ends: a server left behind would be measured by the next run. */
export function endWithBench(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** Ends them when this process does, and this process when it is told to. Politely, for some have children of their own. */
export function watchEnd(): void {
  process.once('exit', () => {
    for (const child of running) child.kill('SIGTERM');
  });
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const)
    process.once(signal, () => process.exit(128 + number));
}
