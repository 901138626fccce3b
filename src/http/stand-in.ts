import { asPictorError, type PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { FallbackPolicy } from '../request/dialect.ts';
import type { ImageRequest } from '../request/image-request.ts';
import { sniffedObjectType } from '../service/object-type.ts';
import type { SourceStreams } from '../service/stream-source.ts';
import { statusOf } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { mayStandIn, withFallbackSource } from './fallback.ts';
import type { Reply } from './messages.ts';
import { without } from './mount-replies.ts';
import type { PictureFacts } from './picture-reply.ts';

/** How a picture that stands in is asked for and handed over. */
export interface StandInRequest {
  /** As what it is shown; its source does not count. */
  readonly image: ImageRequest;
  readonly delivered: Pick<PictureFacts, 'delivery' | 'source' | 'forOne'>;
  /** Of the answer it stands for. Absent: as the style has it. */
  readonly status?: number;
  readonly signal: AbortSignal;
}

/** The mount's own picture in place of one that cannot be had; null when it has none, or that cannot be made either. */
export type StandIn = (
  exchange: Exchange,
  asked: StandInRequest,
  error: PictorError,
) => Promise<Reply | null>;

export interface StandInParts {
  readonly streams: SourceStreams;
  readonly emit: EmitEvent;
}

export function createStandIn({ streams, emit }: StandInParts): StandIn {
  async function shown(
    { desk, id }: Exchange,
    { image: asked, delivered, signal }: StandInRequest,
    fallback: FallbackPolicy,
  ): Promise<Reply> {
    const { ttlSeconds, cacheControl, status } = fallback;
    const image = await desk.service.serve({ image: withFallbackSource(asked, fallback), signal });
    const facts = { image, ...delivered, chosen: false, standIn: { status, ttlSeconds, cacheControl } };
    return desk.replies.image({ ...facts, requestId: id, now: Date.now() });
  }

  /** Its own bytes, as they are. */
  async function raw(
    { desk, id }: Exchange,
    signal: AbortSignal,
    { uri, status, ttlSeconds }: FallbackPolicy,
  ): Promise<Reply> {
    const answer = await streams.open({ uri, signal, headers: {} });
    try {
      const chunks: Uint8Array[] = [];
      for await (const chunk of answer.body() ?? []) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const age = ttlSeconds > 0 ? { 'Cache-Control': `max-age=${Math.floor(ttlSeconds)}, public` } : {};
      const headers = desk.replies.headers({ 'Content-Type': sniffedObjectType(body), ...age }, id);
      return { status, headers, body };
    } finally {
      answer.close();
    }
  }

  return async (exchange, asked, error) => {
    const { policy, style, name } = exchange.desk.mount;
    if (policy.fallback === undefined || !mayStandIn(error, policy.fallback)) return null;
    const status = policy.fallback.status || (asked.status ?? statusOf(error, style));
    const fallback = { ...policy.fallback, status };
    const told = (thrown: unknown) => {
      const { code, detail = '' } = asPictorError(thrown);
      const facts = { code, detail, mount: name };
      const message = 'the fallback image could not be made';
      if (code !== 'CANCELLED') emit({ type: 'notice', level: 'warn', message, facts });
      return null;
    };
    let reply = await shown(exchange, asked, fallback).catch(told);
    if (reply === null && fallback.rawToo === true)
      reply = await raw(exchange, asked.signal, fallback).catch(told);
    return reply === null || fallback.noStore !== true ? reply : notStored(reply);
  };
}

const noStore = ['Cache-Control', 'no-store'];

const notStored = (reply: Reply): Reply => ({
  ...reply,
  headers: [...without(reply.headers, [...noStore, 'Expires', '']), ...noStore],
});
