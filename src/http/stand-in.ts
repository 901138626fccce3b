import { asPictorError, type PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { ImageService } from '../service/serve-image.ts';
import { statusOf } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { mayStandIn, withFallbackSource } from './fallback.ts';
import type { Reply } from './messages.ts';
import type { PictureFacts } from './picture-reply.ts';

/** How a picture that stands in is asked for and handed over. */
export interface StandInRequest {
  /** As what it is shown; its source does not count. */
  readonly image: ImageRequest;
  readonly delivered: Pick<PictureFacts, 'delivery' | 'source' | 'forOne'>;
  readonly signal: AbortSignal;
}

/** The mount's own picture in place of one that cannot be had; null when it has none, or that cannot be made either. */
export type StandIn = (
  exchange: Exchange,
  asked: StandInRequest,
  error: PictorError,
) => Promise<Reply | null>;

export function createStandIn(service: Pick<ImageService, 'serve'>, emit: EmitEvent): StandIn {
  return async ({ desk, id }, { image: asked, delivered, signal }, error) => {
    const { policy, style } = desk.mount;
    if (policy.fallback === undefined || !mayStandIn(error)) return null;
    const { uri, status, ttlSeconds, cacheControl } = policy.fallback;
    try {
      const image = await service.serve({ image: withFallbackSource(asked, uri), signal });
      const standIn = { status: status || statusOf(error, style), ttlSeconds, cacheControl };
      const facts = { image, ...delivered, chosen: false, standIn };
      return desk.replies.image({ ...facts, requestId: id, now: Date.now() });
    } catch (thrown) {
      const { code, detail = '' } = asPictorError(thrown);
      const message = 'the fallback image could not be made';
      if (code !== 'CANCELLED')
        emit({ type: 'notice', level: 'warn', message, facts: { code, detail, mount: desk.mount.name } });
      return null;
    }
  };
}
