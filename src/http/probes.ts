import type { AdminSettings } from './settings.ts';

/** Whether a server takes requests. */
export type Readiness = 'starting' | 'ready' | 'stopping';

/** Answer to a probe. */
export interface ProbeReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface Probes {
  /** The process answers. */
  live(state: Readiness): ProbeReply;
  /** It takes requests. */
  ready(state: Readiness): ProbeReply;
  /** True: whatever the method. */
  readonly anyMethod: boolean;
}

const word = (status: number, text: string): ProbeReply => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${text}\n`,
});

const json = (status: number, message: string): ProbeReply => ({
  status,
  contentType: 'application/json; charset=UTF-8',
  body: `${JSON.stringify({ message }, null, 2)}\n`,
});

/** That server is one state for both: a probe for life that fails while it stops is what its operators reckon with. */
const imageServer = (state: Readiness): ProbeReply => {
  if (state === 'ready') return json(200, 'OK');
  return json(501, state === 'stopping' ? 'Shutting down' : 'Starting');
};

/** Probes in the words that an operator's tools know. */
export const probes: Readonly<Record<AdminSettings['probes'], Probes>> = {
  plain: {
    live: () => word(200, 'live'),
    ready: (state) => (state === 'ready' ? word(200, 'ready') : word(503, 'not ready')),
    anyMethod: false,
  },
  'image-server': { live: imageServer, ready: imageServer, anyMethod: true },
};
