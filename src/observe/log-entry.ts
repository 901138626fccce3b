import { errorCatalogue } from '../core/errors.ts';
import type { PictorEvent } from '../core/events.ts';
import { withoutUserInfo } from '../lib/url-text.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line of the log: its level, its message and the facts beside it. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** URLs may be tens of kilobytes; a line of the log need not be. */
const longestText = 2048;
export const capped = (text: string): string => {
  const shown = withoutUserInfo(text);
  return shown.length <= longestText ? shown : `${shown.slice(0, longestText)}… (${shown.length} characters)`;
};

/** Microseconds are noise, and digits cost bytes. */
export const rounded = (ms: number): number => Math.round(ms * 100) / 100;

type RequestEvent = Extract<PictorEvent, { type: 'request' }>;

export function requestLevel({ error, status, level }: RequestEvent): LogLevel {
  if (level !== undefined) return level;
  if (error !== undefined && errorCatalogue[error].report) return 'error';
  return status >= 500 && error === undefined ? 'error' : 'info';
}

/** Built field by field: this runs once per request, hits included. */
function requestEntry(event: RequestEvent): LogEntry {
  const facts: Record<string, unknown> = {
    id: event.id,
    method: event.method,
    target: capped(event.target),
    status: event.status,
    mount: event.mount,
    cache: event.cache,
    bytes: event.bytes,
    ms: rounded(event.ms),
    client: event.client,
  };
  if (event.tier !== undefined) facts.tier = event.tier;
  if (event.source !== undefined) facts.source = capped(event.source);
  if (event.error !== undefined) facts.error = event.error;
  if (event.detail !== undefined) facts.detail = capped(event.detail);
  if (event.fallback === true) facts.fallback = true;
  if (event.timings !== undefined) {
    facts.timings = Object.fromEntries(
      Object.entries(event.timings).map(([part, ms]) => [part, rounded(ms)]),
    );
  }
  return { level: requestLevel(event), message: 'request', facts };
}

/** An orderly change of workers is nobody's worry; one that failed is. */
const workerLevels = {
  started: 'debug',
  recycled: 'info',
  crashed: 'error',
  timeout: 'error',
  memory: 'error',
} as const;
const storeLevels = {
  evicted: 'debug',
  repaired: 'warn',
  'read-failed': 'error',
  'write-failed': 'error',
} as const;

const webhookLevels = {
  delivered: 'debug',
  postponed: 'debug',
  failed: 'error',
  dropped: 'error',
} as const;

/** Puts an event into words. */
export function logEntry(event: PictorEvent): LogEntry {
  switch (event.type) {
    case 'request':
      return requestEntry(event);
    case 'fetch': {
      const { source, ms, bytes, outcome } = event;
      return {
        level: 'debug',
        message: 'fetch',
        facts: { source: capped(source), ms: rounded(ms), bytes, outcome },
      };
    }
    case 'transform': {
      const { type, decodeMs, encodeMs, ...facts } = event;
      return {
        level: 'debug',
        message: type,
        facts: { ...facts, decodeMs: rounded(decodeMs), encodeMs: rounded(encodeMs) },
      };
    }
    case 'worker': {
      const { what, pid, detail } = event;
      return { level: workerLevels[what], message: `worker ${what}`, facts: withDetail({ pid }, detail) };
    }
    case 'store': {
      const { store, what, count, detail } = event;
      const facts = count === undefined ? { store } : { store, count };
      return { level: storeLevels[what], message: `store ${what}`, facts: withDetail(facts, detail) };
    }
    case 'upload': {
      const { type, stored, error, ms, ...facts } = event;
      return {
        level: error === undefined ? 'debug' : 'info',
        message: type,
        facts: { ...facts, ms: rounded(ms), ...stored, ...(error === undefined ? {} : { error }) },
      };
    }
    case 'variant':
    case 'variants-ready': {
      const { type, ...facts } = event;
      return { level: 'debug', message: type, facts };
    }
    case 'webhook': {
      const { what, mount, event: told, attempts, detail } = event;
      return {
        level: webhookLevels[what],
        message: `webhook ${what}`,
        facts: withDetail({ mount, event: told, attempts }, detail),
      };
    }
    case 'idle': {
      const { work, what, detail } = event;
      return {
        level: what === 'failed' ? 'info' : 'debug',
        message: `idle work ${what}`,
        facts: withDetail({ work }, detail),
      };
    }
    case 'notice':
      return { level: event.level, message: event.message, facts: event.facts ?? {} };
  }
}

const withDetail = (facts: Record<string, unknown>, detail: string | undefined): Record<string, unknown> =>
  detail === undefined ? facts : { ...facts, detail: capped(detail) };
