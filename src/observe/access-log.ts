import type { EmitEvent } from '../core/events.ts';
import { createBatchedOutput, type LogSink } from './batched-output.ts';
import { type LogEntry, type LogLevel, logEntry, requestLevel } from './log-entry.ts';
import { prettyLine } from './pretty-line.ts';
import { requestLine } from './request-line.ts';
import type { LogSettings } from './settings.ts';

export interface LogParts {
  readonly settings: LogSettings;
  /** Where lines go, one by one. Default: standard output, batched. */
  readonly sink?: LogSink;
  /** True: other processes write to the same output. */
  readonly isShared?: boolean;
}

/** The log: a listener of events. */
export interface AccessLog {
  readonly listen: EmitEvent;
  /** Writes what is waiting and lets go of the output. */
  close(): Promise<void>;
}

const ranks = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const satisfies Record<
  LogLevel | 'silent',
  number
>;

/**
 * One line per request, and one for everything else worth knowing, as JSON or as text for a terminal. Lines are
 * batched: standard output is written a few times a second, not once per request.
 */
export function createAccessLog({ settings, sink, isShared = false }: LogParts): AccessLog {
  const output =
    sink === undefined
      ? createBatchedOutput(1, { isShared })
      : { write: (text: string) => sink.write(text), close: async () => {} };
  const lowest = ranks[settings.level];
  const clock = createClock();
  const isJson = settings.format === 'json';
  const lineOf = (entry: LogEntry): string =>
    isJson ? jsonLine(entry, clock(Date.now())) : prettyLine(entry, new Date());
  return {
    listen(event) {
      if (event.type === 'request' && event.quiet === true) return;
      if (event.type === 'request' && isJson) {
        const level = requestLevel(event);
        if (ranks[level] >= lowest) output.write(requestLine(event, level, clock(Date.now())));
        return;
      }
      const entry = logEntry(event);
      if (ranks[entry.level] >= lowest) output.write(lineOf(entry));
    },
    close: output.close,
  };
}

/** Field for field what pino would write. */
const jsonLine = ({ level, message, facts }: LogEntry, time: string): string =>
  `${JSON.stringify({ level, time, ...facts, msg: message })}\n`;

/** ISO 8601 in UTC with milliseconds. The part up to the second is made once per second. */
function createClock(): (epochMs: number) => string {
  let second = Number.NaN;
  let prefix = '';
  return (epochMs) => {
    const now = Math.floor(epochMs / 1000);
    if (now !== second) {
      second = now;
      prefix = new Date(now * 1000).toISOString().slice(0, -4);
    }
    return `${prefix}${String(epochMs - now * 1000).padStart(3, '0')}Z`;
  };
}
