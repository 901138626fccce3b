import type { PictureValidators } from '../service/serve-image-types.ts';
import { isFresh } from './conditional.ts';
import type { KnownUrl } from './known-urls.ts';
import { type HttpRequest, headerText, type Reply } from './messages.ts';
import type { MountDesk } from './mount-desk.ts';
import type { ImageDelivery } from './mount-replies.ts';
import { withRange } from './range.ts';

/** A picture and how it is handed over. */
export type PictureFacts = Omit<ImageDelivery, 'requestId' | 'now'>;

interface Asked {
  readonly request: HttpRequest;
  readonly method: string;
  readonly id: string;
  readonly desk: MountDesk;
}

/** A condition the client sets and the mount looks at. */
export const conditionOf = (request: HttpRequest, { mount: { policy } }: MountDesk): string | undefined =>
  (policy.etag ? headerText(request.headers['if-none-match']) : undefined) ??
  (policy.lastModified ? request.headers['if-modified-since'] : undefined);

/** Whether the client holds this picture. Validators count only as the mount shows them. */
export function clientHolds(
  { request, desk }: Pick<Asked, 'request' | 'desk'>,
  known: PictureValidators,
  chosen: boolean,
): boolean {
  const conditions = {
    ifNoneMatch: headerText(request.headers['if-none-match']),
    ifModifiedSince: request.headers['if-modified-since'],
  };
  if (conditions.ifNoneMatch === undefined && conditions.ifModifiedSince === undefined) return false;
  const { tag, lastModified } = desk.validators({ ...known, chosen });
  return isFresh(conditions, { etag: tag, lastModified });
}

/** 200, 304, 206 or 416 for a picture that is at hand. */
export function pictureReply(asked: Asked, facts: PictureFacts): Reply {
  const { request, method, id, desk } = asked;
  const { image, chosen = false } = facts;
  const held = image.body === null || ((image.status ?? 200) === 200 && clientHolds(asked, image, chosen));
  const reply = desk.replies.image({
    ...facts,
    image: held ? { ...image, body: null } : image,
    requestId: id,
    now: Date.now(),
  });
  const { range } = request.headers;
  if (method !== 'GET' || range === undefined) return reply;
  const { tag, lastModified, strong } = desk.validators({ ...image, chosen });
  // A tag of the source stays the same when our settings change, and with them our bytes: parts must not be joined by it.
  const joins = strong ? { etag: tag, lastModified } : {};
  return withRange(reply, { range, ifRange: headerText(request.headers['if-range']) }, joins);
}

/**
 * What can be repeated for the next request of this URL; null when it cannot. Nor when it was made just now: most pictures of
 * a long tail are never asked for again, and who asks for this one a second time makes it known.
 */
export function knownFrom(desk: MountDesk, facts: PictureFacts): KnownUrl | null {
  const { image, delivery } = facts;
  const now = Date.now();
  if (
    image.body === null ||
    image.cache === 'miss' ||
    !image.shareable ||
    image.status !== undefined ||
    delivery.expiresAt !== undefined ||
    image.freshUntil <= now
  )
    return null;
  const reply = desk.replies.image({ ...facts, requestId: '', now });
  const headers = [...reply.headers, 'Content-Length', String(image.body.length)];
  return {
    // The bytes stay in the store: kept here they would escape its bound.
    facts: { ...facts, image: { ...image, body: null } },
    headers,
    idAt: headers.indexOf('X-Request-ID') + 1,
    until: image.freshUntil,
    steadyUntil: performance.now() + image.freshUntil - now,
  };
}
