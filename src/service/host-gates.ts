import { createGate, type Gate } from '../lib/gate.ts';

/**
 * A gate for each host, in front of the one for all fetches: whoever waits for a slow host waits here, and takes no
 * place away from fetches of other hosts.
 */
export interface HostGates {
  /**
   * As `Gate.enter`, at the gate of this source's host. Sources without a host (files) are let in at once.
   * @returns a function that gives the place back, or null when the queue for this host is full
   */
  enter(uri: string, signal: AbortSignal): Promise<(() => void) | null>;
  /** Hosts with fetches under way or waiting. */
  readonly size: () => number;
  /** Fetches that wait for their host. */
  readonly waiting: () => number;
}

interface HostGate {
  readonly gate: Gate;
  /** Inside and waiting: the gate is dropped with the last one, so that memory does not grow with every host ever seen. */
  users: number;
}

interface HostGatesOptions {
  /** Places per host, or how many a host of this scheme (`s3:`) has. */
  readonly width: number | ((scheme: string) => number);
  /** Waiters per host. */
  readonly queue: number;
}

export function createHostGates({ width, queue }: HostGatesOptions): HostGates {
  const gates = new Map<string, HostGate>();

  function openGate(host: string): HostGate {
    const places = typeof width === 'number' ? width : width(host.slice(0, host.indexOf('/')));
    const known = gates.get(host) ?? { gate: createGate({ width: places, queue }), users: 0 };
    gates.set(host, known);
    return known;
  }

  return {
    size: () => gates.size,
    waiting: () => gates.values().reduce((sum, { gate }) => sum + gate.state().waiting, 0),
    async enter(uri, signal) {
      const host = hostOf(uri);
      if (host === '') return () => {};
      const mine = openGate(host);
      mine.users += 1;
      const forget = () => {
        mine.users -= 1;
        if (mine.users === 0) gates.delete(host);
      };
      let leave: (() => void) | null = null;
      try {
        leave = await mine.gate.enter(signal);
      } finally {
        if (leave === null) forget();
      }
      return leave === null ? null : once(leave, forget);
    },
  };
}

function once(...steps: readonly (() => void)[]): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    for (const step of steps) step();
  };
}

/** Both protocols of the web reach the same host; a bucket of that name is another. */
const schemeOf = (protocol: string): string => (protocol === 'https:' ? 'http:' : protocol);

/** Scheme, host and port in lower case; empty for a URI without host, or that the source will refuse. */
function hostOf(uri: string): string {
  if (!URL.canParse(uri)) return '';
  const { host, protocol } = new URL(uri);
  return host === '' ? '' : `${schemeOf(protocol)}//${host}`;
}
