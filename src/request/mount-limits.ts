import { assetScheme } from './dialect.ts';
import type { ImageRequest, MountLimits, ResultLimits, SourceLimits } from './image-request.ts';

/**
 * The request under the bounds of its mount. What its URL says itself wins: only URLs whose mount allows it say such things.
 * The bounds are a part of the key, so that what one mount may make is never found by another that may not.
 */
export function withMountLimits(request: ImageRequest, limits: MountLimits | undefined): ImageRequest {
  if (limits === undefined) return request;
  const { maxFrames: _frames, maxFramePixels: _pixels, maxResultPixels: _result, ...marks } = limits;
  const all = { ...limits, ...(Object.keys(marks).length === 0 ? {} : { marks }), ...request.limits };
  return Object.freeze({ ...request, limits: Object.freeze(all) });
}

/** What bounds a further picture of the request; nothing but the server's bounds for pictures of the operator's own. */
export const markLimitsOf = (uri: string, { limits }: Pick<ImageRequest, 'limits'>): SourceLimits =>
  uri.startsWith(`${assetScheme}:`) ? {} : (limits?.marks ?? {});

/** What of a mount's bounds counts for the operator's own pictures too: how much may be made of them. */
export function resultLimitsOf({
  maxPixels: _p,
  maxSide: _s,
  maxSourceBytes: _b,
  ...result
}: MountLimits): ResultLimits {
  return result;
}
