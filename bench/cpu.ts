import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second of /proc: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds so far, by process; those that ended count with the process that started them. */
export type Spending = ReadonlyMap<number, number>;

/**
 * What a process and all it started have taken so far, read anew with each call. Nothing is lost when a thread ends between
 * two readings, or a process, and nothing is rounded while they live: a burst of a few pictures can be measured.
 */
export function createCpuMeter(root: number): () => Spending {
  const processes = new Map<number, Own>();
  return () =>
    new Map(
      processTree(root).map((pid) => {
        const before = processes.get(pid) ?? { seconds: 0, threads: new Map<string, number>() };
        const own = ownOf(pid, before);
        processes.set(pid, own);
        return [pid, own.seconds + ticksOf(pid).ofEnded];
      }),
    );
}

export const sumOf = (spending: Spending): number =>
  [...spending.values()].reduce((sum, each) => sum + each, 0);

/** CPU seconds of all processes that this one started, and they, and that have ended. */
export const endedChildrenSeconds = (): number => ticksOf(process.pid).ofEnded;

/** CPU seconds of everybody on this machine, and what its host took from it, of a text as `/proc/stat` has it. */
export function machineSeconds(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0, stolen = 0] = (
    /^cpu +(.*)$/m.exec(stat)?.[1] ?? ''
  )
    .split(' ')
    .map(Number);
  return (user + nice + system + interrupts + softInterrupts + stolen) / ticksPerSecond;
}

interface Own {
  readonly seconds: number;
  /** Of each thread that lives. */
  readonly threads: ReadonlyMap<string, number>;
}

/** Threads are exact to the nanosecond, but gone when they end; the process's own sum has those too, in whole ticks. */
function ownOf(pid: number, before: Own): Own {
  const threads = threadsOf(pid);
  const since = [...threads].reduce((sum, [id, now]) => sum + now - (before.threads.get(id) ?? 0), 0);
  return { seconds: Math.max(before.seconds + since, ticksOf(pid).own), threads };
}

/** Seconds by thread (CONFIG_SCHED_INFO); empty where the kernel does not tell. */
function threadsOf(pid: number): ReadonlyMap<string, number> {
  const seconds = new Map<string, number>();
  for (const thread of threadNames(pid)) {
    const text = readIfThere(`/proc/${pid}/task/${thread}/schedstat`);
    if (text !== '') seconds.set(thread, Number(text.split(' ')[0]) / 1e9);
  }
  return seconds;
}

/** Fields 14 to 17 of proc(5): user, system, and the same of children that ended and were waited for. */
function ticksOf(pid: number): { readonly own: number; readonly ofEnded: number } {
  const text = readIfThere(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number);
  return { own: (user + system) / ticksPerSecond, ofEnded: (endedUser + endedSystem) / ticksPerSecond };
}

/**
 * The process and all below it. The kernel tells each thread's children where it was built to (CONFIG_PROC_CHILDREN, as usual
 * distributions do): reading all of /proc instead takes long enough to be seen in what is measured.
 */
export function processTree(root: number): number[] {
  const tree = [root];
  for (const pid of tree) tree.push(...childrenOf(pid));
  return tree;
}

const childrenOf = (pid: number): number[] =>
  threadNames(pid).flatMap((thread) =>
    readIfThere(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );

/** Empty for a process that has ended. */
function threadNames(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Empty for a process or a thread that has ended. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
