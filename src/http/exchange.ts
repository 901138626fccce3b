import type { PictorError } from '../core/errors.ts';
import type { EmitEvent, PictorEvent } from '../core/events.ts';
import { withHiddenValues } from '../lib/hidden-values.ts';
import type { RequestTarget } from '../request/dialect.ts';
import type { AskedRequest } from '../service/verify-request.ts';
import type { HttpRequest, HttpResponse, Reply } from './messages.ts';
import type { MountDesk } from './mount-desk.ts';
import { sendReply } from './send-reply.ts';

/** One request on its way to an answer. */
export interface Arrival {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly method: string;
  readonly id: string;
  /** By `performance.now()`. */
  readonly began: number;
}

/** … that has found its mount. */
export interface Exchange extends Arrival {
  readonly desk: MountDesk;
  readonly target: RequestTarget;
}

/** The request as the embedding program gets to see it. */
export const askedRequest = ({ request, method, desk }: Exchange): AskedRequest => ({
  mount: desk.mount.name,
  method,
  target: request.url ?? '',
  headers: request.headers,
});

/** What is told of a request besides what every exchange knows. */
export type RequestFacts = Omit<
  Extract<PictorEvent, { type: 'request' }>,
  'type' | 'id' | 'method' | 'target' | 'mount' | 'ms' | 'client' | 'bytes' | 'status'
>;

/** Ends requests: each with one answer and one event. */
export interface Counter {
  /** An answer went out by other means. */
  tell(
    exchange: Arrival & Partial<Exchange>,
    sent: { readonly status: number; readonly bytes: number },
    facts: RequestFacts,
  ): void;
  /** Sends the answer, and tells of it. */
  finish(exchange: Arrival & Partial<Exchange>, reply: Reply, facts: RequestFacts): void;
}

/** What the log may know of a target. */
function shownTarget(target: string, desk: MountDesk | undefined): string {
  const hidden = desk?.mount.policy.hiddenParameters;
  return hidden === undefined ? target : withHiddenValues(target, hidden);
}

export interface CounterParts {
  readonly clientOf: (request: HttpRequest) => string;
  readonly emit: EmitEvent;
}

export function createCounter({ clientOf, emit }: CounterParts): Counter {
  const tell: Counter['tell'] = (exchange, sent, facts) => {
    const { request, method, id, desk, began } = exchange;
    const event: PictorEvent = {
      // First: facts that come last are copied one by one, several times as slow.
      ...facts,
      type: 'request',
      id,
      method,
      target: shownTarget(request.url ?? '', desk),
      status: sent.status,
      mount: desk?.mount.name ?? '',
      bytes: sent.bytes,
      ms: performance.now() - began,
      client: clientOf(request),
    };
    emit(event);
  };
  return {
    tell,
    finish(exchange, reply, facts) {
      const bytes = sendReply(exchange.response, reply, exchange.method);
      tell(exchange, { status: reply.status, bytes }, facts);
    },
  };
}

/** What the log says of an error. */
export function failureFacts(
  { code, detail }: PictorError,
  source: string | undefined,
): Pick<RequestFacts, 'error' | 'source' | 'detail'> {
  return {
    error: code,
    ...(source === undefined ? {} : { source }),
    ...(detail === undefined ? {} : { detail }),
  };
}
