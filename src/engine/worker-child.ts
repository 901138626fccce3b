import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { entryUrl } from './entry.ts';
import type { FromWorker, ToWorker } from './wire.ts';

/** One worker process as the pool sees it. */
export interface WorkerChild {
  /** 0 when the process could not be started; then `gone` follows. */
  readonly pid: number;
  send(message: ToWorker): void;
  /** Ends the process and the programs it runs at once, whatever they do (also when stopped); `gone` follows. */
  kill(): void;
}

export interface WorkerChildEvents {
  message(message: FromWorker): void;
  /** The process has ended; called exactly once. `why` is for the log: signal or status, and the last it printed. */
  gone(why: string): void;
}

/**
 * glibc keeps freed arenas; these three halve the resident memory of a worker. Lower thresholds save a megabyte or two
 * more, and cost AVIF a tenth of its time in fresh pages (docs/adr/0025-malloc.md). Other platforms ignore them.
 */
const allocatorEnvironment = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: String(8 * 1024 * 1024),
  MALLOC_MMAP_THRESHOLD_: String(1024 * 1024),
};

/**
 * Young objects of a worker die young: more room for them would only be resident garbage. And what it spends its time on is no
 * JavaScript: without half of V8's notes for making it fast it is as fast, and 8 MB smaller (docs/adr/0027-v8-heaps.md).
 */
const heapFlags = ['--max-semi-space-size=1', '--optimize-for-size'];

const keptErrorText = 2000;

export interface WorkerChildOptions {
  /** Variables it gets besides the allocator's, e.g. `FONTCONFIG_PATH`. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * True: it may start programs, which end with it. For that it leads a process group, and with it a session. Linux shares
   * processors out among sessions first (sched_autogroup): the server's replies then wait longer for theirs.
   */
  readonly startsPrograms: boolean;
  /** True: it gets what processor time all others leave. */
  readonly lowest?: true;
}

/** Starts a worker. It inherits nothing of the server's environment, so that a hijacked decoder finds no secret there. */
export function forkWorker(
  { environment, startsPrograms, lowest }: WorkerChildOptions,
  events: WorkerChildEvents,
): WorkerChild {
  const leadsGroup = startsPrograms && hasGroups;
  const child = fork(fileURLToPath(entryUrl('worker')), [], {
    serialization: 'advanced',
    env: { ...allocatorEnvironment, ...environment },
    execArgv: heapFlags,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    windowsHide: true,
    detached: leadsGroup,
  });
  if (lowest === true) lowerPriority(child);
  const kill = () => {
    child.kill('SIGKILL');
    if (leadsGroup) killGroup(child);
  };
  const errorText = lastText(child);
  let ended = false;
  const end = (why: string) => {
    if (ended) return;
    ended = true;
    events.gone([why, errorText()].filter((text) => text !== '').join(': '));
  };
  child.on('message', (message) => events.message(message as FromWorker));
  // A worker without its channel cannot be reached any more.
  child.on('disconnect', kill);
  child.on('error', (error) => {
    kill();
    end(error.message);
  });
  // `close` instead of `exit`: by then everything it printed has been read.
  child.on('close', (status, signal) => {
    // A worker that crashed may have left a program behind.
    if (leadsGroup) killGroup(child);
    end(signal ?? `exit status ${status}`);
  });
  return {
    pid: child.pid ?? 0,
    // A failed send means that the process is gone, which `close` reports.
    send: (message) => void child.send(message, () => {}),
    kill,
  };
}

/** At once: the threads it starts later take their priority from the one that starts them. */
function lowerPriority({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It ended already, or may not be told: it works all the same.
  }
}

/** Windows has no process groups to send a signal to. */
const hasGroups = process.platform !== 'win32';

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

function lastText(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-keptErrorText);
  });
  return () => text.trim();
}
