import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import type { EmitEvent } from '../core/events.ts';
import { type Mark, marksOf } from './image-server-marks.ts';
import type { StatsdSettings } from './settings.ts';

export interface StatsdParts {
  readonly settings: StatsdSettings;
  /** Names of the mounts that speak image-server. */
  readonly mounts: ReadonlySet<string>;
}

/** Counts that go to a StatsD server: a listener of events. */
export interface Statsd {
  readonly listen: EmitEvent;
  /** Sends what was counted since the last time, and lets go of the socket. */
  close(): Promise<void>;
}

/** Milliseconds between two sendings. */
const flushEvery = 2000;
/** Different names between two sendings; further ones are left out. Clients have a say in them. */
const mostNames = 1000;

interface Timing {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/**
 * Counts as image-server sent them: summed up for two seconds, one datagram each, `{name}_count:{n}|c`; and under the names
 * its manual has, `{name}:{n}|c`. Times are milliseconds. Nobody waits for any of it, and a server that is not there is not
 * noticed.
 */
export function createStatsd({ settings, mounts }: StatsdParts): Statsd {
  const prefix = settings.prefix.replaceAll('%HOST%', hostname());
  const counts = new Map<string, number>();
  const timings = new Map<string, Timing>();
  const wire = createWire(settings);

  const add = (name: string) => {
    if (counts.has(name) || counts.size < mostNames) counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  const note = (mark: Mark) => {
    for (const name of sourceNames(mark)) add(`${name}_count`);
    for (const name of manualNames(mark)) add(name);
    if (mark.type === 'latency') time(timings, `${mark.handler}.request_latency`, mark.ms);
  };
  const flush = () => {
    const lines = [...counts].map(([name, value]) => `${prefix}${name}:${value}|c`);
    for (const [name, timing] of timings) lines.push(...timingLines(prefix + name, timing));
    counts.clear();
    timings.clear();
    return wire.send(lines);
  };
  const timer = setInterval(() => void flush(), flushEvery).unref();

  return {
    listen(event) {
      for (const mark of marksOf(event, mounts)) note(mark);
    },
    async close() {
      clearInterval(timer);
      await flush();
      wire.close();
    },
  };
}

/** The names that server has sent. */
function sourceNames(mark: Mark): readonly string[] {
  switch (mark.type) {
    case 'count':
      return [mark.name];
    case 'version': {
      const name = `processing.version.${mark.outcome}`;
      return [name, `${name}.${mark.of.format}`];
    }
    case 'versions-noop':
      return ['processing.versions.noop'];
    case 'latency':
      return [];
  }
}

/** The names its manual has, and which it never sent. */
function manualNames(mark: Mark): readonly string[] {
  if (mark.type === 'version') {
    if (mark.outcome === 'ok') return ['image_request', `image_request.${mark.of.format}`];
    return mark.outcome === 'failed' ? ['image_request_fail'] : [];
  }
  if (mark.type !== 'count') return [];
  if (mark.name === 'fetch.source_downloaded') return ['original_downloaded'];
  return mark.name === 'fetch.original_unavailable' ? ['original_unavailable'] : [];
}

function time(timings: Map<string, Timing>, name: string, ms: number): void {
  const known = timings.get(name) ?? { count: 0, sum: 0, min: ms, max: ms };
  known.count += 1;
  known.sum += ms;
  known.min = Math.min(known.min, ms);
  known.max = Math.max(known.max, ms);
  timings.set(name, known);
}

const timingLines = (name: string, { count, sum, min, max }: Timing): readonly string[] => [
  `${name}.count:${count}|a`,
  `${name}.avg:${Math.round(sum / count)}|ms`,
  `${name}.min:${Math.round(min)}|ms`,
  `${name}.max:${Math.round(max)}|ms`,
];

interface Wire {
  /** Never rejects. */
  send(lines: readonly string[]): Promise<void>;
  close(): void;
}

/** The name is looked up anew for every sending, so that a receiver may move. */
function createWire({ host, port }: StatsdSettings): Wire {
  const sockets = new Map<number, Socket>();
  const socketOf = (family: number): Socket => {
    const open = sockets.get(family) ?? createSocket(family === 6 ? 'udp6' : 'udp4').unref();
    if (!sockets.has(family)) open.on('error', () => {});
    sockets.set(family, open);
    return open;
  };
  return {
    async send(lines) {
      if (lines.length === 0) return;
      try {
        const { address, family } = await lookup(host);
        const socket = socketOf(family);
        await Promise.all(
          lines.map((line) => new Promise<void>((done) => socket.send(line, port, address, () => done()))),
        );
      } catch {
        // No such host at the moment: what was counted is lost, as it is on the wire.
      }
    },
    close() {
      for (const socket of sockets.values()) socket.close();
    },
  };
}
