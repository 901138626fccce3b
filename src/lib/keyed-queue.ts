/** Runs the tasks of one key one after another, in the order they came; different keys do not wait for each other. */
export interface KeyedQueue {
  run<T>(key: string, task: () => Promise<T>): Promise<T>;
  /** Tasks of this key that are running or waiting. */
  waiting(key: string): number;
  /** Settles when no task is left. */
  idle(): Promise<void>;
}

interface Line {
  last: Promise<unknown>;
  waiting: number;
}

export function createKeyedQueue(): KeyedQueue {
  const lines = new Map<string, Line>();

  function run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const line = lines.get(key) ?? { last: Promise.resolve(), waiting: 0 };
    lines.set(key, line);
    line.waiting += 1;
    const result = line.last.then(task);
    line.last = result.then(
      () => leave(key, line),
      () => leave(key, line),
    );
    return result;
  }

  function leave(key: string, line: Line): void {
    line.waiting -= 1;
    if (line.waiting === 0) lines.delete(key);
  }

  async function idle(): Promise<void> {
    while (lines.size > 0) await Promise.all([...lines.values()].map((line) => line.last));
  }

  return { run, waiting: (key) => lines.get(key)?.waiting ?? 0, idle };
}
