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

/** @param options places and waiters per host */
export function createHostGates(options: { readonly width: number; readonly queue: number }): HostGates {
  const gates = new Map<string, HostGate>();

  function openGate(host: string): HostGate {
    const known = gates.get(host) ?? { gate: createGate(options), users: 0 };
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

/** Host and port in lower case; empty for a URI without one, or that the source will refuse. */
function hostOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).host : '';
}
