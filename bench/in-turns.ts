import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { endedChildrenSeconds } from './cpu.ts';
import { endWithBench } from './leftovers.ts';

/** A program that takes longer hangs. */
const patienceMs = 600_000;

/** Long enough that what a turn begins with is not seen, short enough that all see the same machine. */
const turnMs = 400;

/**
 * Runs programs to their ends, one at a time in short turns, while the others are stopped: a machine that changes its pace
 * does so for all of them.
 * @param programs arguments of Node, by name
 * @returns CPU seconds of each from its start to its end, with everything it started
 * @throws Error for one that fails or hangs
 */
export async function runInTurns<Name extends string>(
  programs: Readonly<Record<Name, readonly string[]>>,
  node: string,
): Promise<Record<Name, number>> {
  const running = new Map<Name, ChildProcess>();
  const spent: Partial<Record<Name, number>> = {};
  const signal = (child: ChildProcess, what: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL') => {
    try {
      // A group of its own: what it has started stops and goes on with it.
      process.kill(-child.pid!, what);
    } catch {
      // It has just ended.
    }
  };
  const wakeAll = () => {
    for (const child of running.values()) signal(child, 'SIGCONT');
  };
  process.once('exit', wakeAll);
  const deadline = performance.now() + patienceMs;
  try {
    for (const name of Object.keys(programs) as Name[]) {
      const child = spawn(node, programs[name], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
      endWithBench(child);
      // What it says of its progress belongs to no table.
      child.stderr.resume();
      running.set(name, child);
      signal(child, 'SIGSTOP');
    }
    while (running.size > 0) {
      for (const [name, child] of running) {
        const before = endedChildrenSeconds();
        signal(child, 'SIGCONT');
        if (!(await endsWithin(child, turnMs))) {
          signal(child, 'SIGSTOP');
          // Else what it took would count for whoever is next.
          while (!hasEnded(child) && !isStopped(child)) await pause(1);
        }
        if (hasEnded(child)) {
          if (child.exitCode !== 0)
            throw new Error(`${programs[name].join(' ')} ended with ${child.exitCode}`);
          spent[name] = endedChildrenSeconds() - before;
          running.delete(name);
        }
      }
      if (performance.now() > deadline) throw new Error(`${[...running.keys()].join(', ')} did not end`);
    }
    return spent as Record<Name, number>;
  } finally {
    process.off('exit', wakeAll);
    for (const child of running.values()) signal(child, 'SIGKILL');
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** State `T` of proc(5). One that has ended is not stopped: its end is told in a moment. */
function isStopped({ pid }: ChildProcess): boolean {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).startsWith('T');
}

async function endsWithin(child: ChildProcess, milliseconds: number): Promise<boolean> {
  if (hasEnded(child)) return true;
  const early = new AbortController();
  const signal = AbortSignal.any([early.signal, AbortSignal.timeout(milliseconds)]);
  await once(child, 'exit', { signal }).catch(() => {});
  early.abort();
  return hasEnded(child);
}
