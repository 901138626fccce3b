import type { PictorError } from '../core/errors.ts';
import type { Delivery, FixedReply, FixedRoute, MountPolicy, ReplyStyle } from '../request/dialect.ts';
import type { ServedImage } from '../service/serve-image-types.ts';
import { createCacheControl } from './cache-control.ts';
import { contentDisposition } from './content-disposition.ts';
import { renderError, securityHeaders } from './errors.ts';
import type { Reply } from './messages.ts';

/** What a mount needs to put its answers into words. */
export interface MountVoice {
  readonly policy: MountPolicy;
  readonly style: ReplyStyle;
  /** File extension (no dot) of a media type the engine writes. */
  readonly extensionOf: (mediaType: string) => string;
}

/** One picture to hand over. */
export interface ImageDelivery {
  readonly image: ServedImage;
  readonly delivery: Delivery;
  /** URI of the original, for the file name. */
  readonly source: string;
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Every kind of answer a mount gives. Ranges (`withRange`) and gzip (`withGzip`) are applied to its pictures. */
export interface MountReplies {
  /** 200 with the picture, or 304 when there is no body because the client holds it. */
  image(facts: ImageDelivery): Reply;
  error(error: PictorError, requestId: string): Reply;
  fixed(route: FixedRoute, requestId: string): Reply;
  /** To OPTIONS; null: as GET. */
  options(requestId: string): Reply | null;
  /** To HEAD, where the dialect answers it without looking; null: as GET. */
  head(requestId: string): Reply | null;
  /** The fixed answer for a path below the prefix, if there is one. */
  routeFor(path: string): FixedRoute | null;
}

/** Builds the answers of one mount; everything that does not depend on the request is made here, once. */
export function createMountReplies({ policy, style, extensionOf }: MountVoice): MountReplies {
  const always = headersOfEveryReply(policy, style);
  const ofPictures = flat(style.imageHeaders ?? {});
  const withPictures = [...without(always, ofPictures), ...ofPictures];
  const cacheControl = createCacheControl(policy.age);
  const alsoVary = policy.gzipLevel > 0 ? ['Accept-Encoding'] : [];

  /** Headers that a 304 carries too (RFC 9110 section 15.4.5). */
  function imageHeaders({ image, delivery, requestId, now }: ImageDelivery): string[] {
    const { sourceCacheControl, sourceExpires, shareable } = image;
    const age = cacheControl({
      now,
      expiresAt: delivery.expiresAt,
      sourceCacheControl,
      sourceExpires,
      shareable,
    });
    const headers = [...withPictures, 'X-Request-ID', requestId, 'Cache-Control', age.cacheControl];
    if (age.expires !== undefined) headers.push('Expires', age.expires);
    if (policy.etag) headers.push('ETag', `"${image.etag}"`);
    if (policy.lastModified && image.lastModified !== undefined)
      headers.push('Last-Modified', image.lastModified);
    const vary = mergeVary(delivery.vary, alsoVary);
    if (vary !== '') headers.push('Vary', vary);
    return headers;
  }

  const plain = ({ status, body, headers = {} }: FixedReply, requestId: string): Reply => {
    const own = flat({ ...(body === '' ? {} : { 'Content-Type': style.contentType }), ...headers });
    return {
      status,
      headers: [...without(always, own), 'X-Request-ID', requestId, ...own],
      body: status === 204 ? null : body,
    };
  };

  return {
    image(facts) {
      const headers = imageHeaders(facts);
      const { body, mediaType } = facts.image;
      if (body === null) return { status: 304, headers, body: null };
      headers.push('Content-Type', mediaType, 'Accept-Ranges', 'bytes');
      if (policy.disposition) {
        const { filename, attachment } = facts.delivery;
        const extension = extensionOf(mediaType);
        headers.push(
          'Content-Disposition',
          contentDisposition({ filename, attachment, source: facts.source, extension }),
        );
      }
      return { status: 200, headers, body };
    },
    error(error, requestId) {
      const reply = renderError(error, style, requestId);
      return { ...reply, headers: [...always, 'X-Request-ID', requestId, ...reply.headers] };
    },
    fixed(route, requestId) {
      const type = route.contentType === '' ? {} : { 'Content-Type': route.contentType };
      const own = flat({ ...type, ...route.headers });
      return {
        status: route.status,
        headers: [...without(always, own), 'X-Request-ID', requestId, ...own],
        body: route.body,
      };
    },
    options: (requestId) => (style.options === 'as-get' ? null : plain(style.options, requestId)),
    head: (requestId) => (style.head === 'as-get' ? null : plain(style.head, requestId)),
    routeFor: (path) =>
      style.routes.find((route) => (route.below ? path.startsWith(route.path) : path === route.path)) ?? null,
  };
}

/** Security headers, the dialect's own (which win), CORS. */
function headersOfEveryReply(policy: MountPolicy, style: ReplyStyle): string[] {
  const own = flat(style.headers);
  const cors =
    policy.cors === undefined
      ? []
      : [
          'Access-Control-Allow-Origin',
          policy.cors.origin,
          'Access-Control-Allow-Methods',
          policy.cors.methods,
        ];
  return [...without(flat(securityHeaders), own), ...without(cors, own), ...own];
}

const flat = (headers: Readonly<Record<string, string>>): string[] => Object.entries(headers).flat();

/** The headers of `base` that `own` does not set itself. */
function without(base: readonly string[], own: readonly string[]): string[] {
  const names = new Set(own.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
  return base.filter((_, index) => !names.has(base[index - (index % 2)]!.toLowerCase()));
}

/** Each name once, in order; `*` swallows the rest (RFC 9110 section 12.5.5). */
export function mergeVary(first: readonly string[], second: readonly string[]): string {
  if (second.length === 0 && first.length <= 1) return first[0] ?? '';
  const byName = new Map<string, string>();
  for (const name of [...first, ...second])
    if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), name);
  return byName.has('*') ? '*' : [...byName.values()].join(', ');
}
