import type { FastifyRequest } from 'fastify';
import type { EmitEvent } from '../../core/events.ts';
import type { TokenName } from './tokens.ts';

/** What somebody has changed, and how far it came. */
export interface Change {
  /** As a line of the log begins: `original deleted`. */
  readonly what: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface Audit {
  changed(request: FastifyRequest, token: TokenName, change: Change): void;
  /** Somebody came without a token that counts. Told once in a while. */
  refused(request: FastifyRequest): void;
}

const tellEveryMs = 10_000;

/** A line for each change: who, from where, what. */
export function createAudit(emit: EmitEvent): Audit {
  let toldAt = Number.NEGATIVE_INFINITY;
  let untold = 0;
  return {
    changed({ id: requestId, ip: client }, token, { what, facts }) {
      const message = `management: ${what}`;
      emit({ type: 'notice', level: 'info', message, facts: { requestId, client, token, ...facts } });
    },
    refused({ id: requestId, ip: client }) {
      untold += 1;
      const now = performance.now();
      if (now - toldAt < tellEveryMs) return;
      const message = 'management: request without a valid token';
      emit({ type: 'notice', level: 'warn', message, facts: { requestId, client, count: untold } });
      toldAt = now;
      untold = 0;
    },
  };
}
