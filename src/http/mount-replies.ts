import type { PictorError } from '../core/errors.ts';
import { decodePercent } from '../lib/url-text.ts';
import type { Delivery, FixedReply, FixedRoute, MountPolicy, ReplyStyle } from '../request/dialect.ts';
import type { ServedImage } from '../service/serve-image-types.ts';
import { type AgeFacts, createCacheControl } from './cache-control.ts';
import { canonicalLink } from './canonical-link.ts';
import { contentDisposition, extensionOfSource } from './content-disposition.ts';
import { type ErrorCircumstances, renderError, securityHeaders } from './errors.ts';
import type { Reply } from './messages.ts';
import { createShownHeaders } from './shown-headers.ts';
import { createValidators } from './validators.ts';

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
  /** True: headers of the request had a say in which picture this URL gives. Absent: no. */
  readonly chosen?: boolean;
  /** True: it was fetched with the client's cookies, and is for nobody else. */
  readonly forOne?: boolean;
  /** Set when the picture stands in for one that could not be had: what it is sent with. */
  readonly standIn?: {
    readonly status: number;
    readonly ttlSeconds: number;
    readonly cacheControl?: string | undefined;
  };
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The head of a source's own answer. */
export interface RawDelivery
  extends Pick<ImageDelivery, 'delivery' | 'source' | 'forOne' | 'requestId' | 'now'> {
  readonly status: number;
  /** Of the source; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly shareable: boolean;
}

/** Every kind of answer a mount gives. Ranges (`withRange`) and gzip (`withGzip`) are applied to its pictures. */
export interface MountReplies {
  /** 200 with the picture, or 304 when there is no body because the client holds it. */
  image(facts: ImageDelivery): Reply;
  /** Headers for the source's own answer. */
  raw(facts: RawDelivery): string[];
  error(error: PictorError, circumstances: ErrorCircumstances): Reply;
  fixed(route: FixedRoute, requestId: string): Reply;
  /** An answer that a dialect has put together. */
  plain(reply: FixedReply, requestId: string): Reply;
  /** Headers of every reply, with these in place of theirs of the same name. */
  headers(own: Readonly<Record<string, string>>, requestId: string): string[];
  /** To OPTIONS; null: as GET. */
  options(requestId: string): Reply | null;
  /** To HEAD, where the dialect answers it without looking; null: as GET. */
  head(requestId: string): Reply | null;
  /** The fixed answer for a path below the prefix, if there is one. */
  routeFor(path: string): FixedRoute | null;
  /** Whether this is where the mount shows metrics. */
  isMetrics(path: string): boolean;
}

/** Builds the answers of one mount; everything that does not depend on the request is made here, once. */
export function createMountReplies({ policy, style, extensionOf }: MountVoice): MountReplies {
  const validators = createValidators(policy);
  const routed = (path: string) => (style.routesDecoded === true ? (decodePercent(path) ?? path) : path);
  const always = headersOfEveryReply(policy, style);
  const ofPictures = flat(style.imageHeaders ?? {});
  const withPictures = [...without(always, ofPictures), ...ofPictures];
  const cacheControl = createCacheControl(policy.age);
  const shown = policy.answers === undefined ? null : createShownHeaders(policy.answers.shown);
  const alsoVary = [
    ...(policy.clientHints === true ? clientHintHeaders : []),
    ...(policy.gzipLevel > 0 ? ['Accept-Encoding'] : []),
  ];

  /** Of every answer that hands something of a source over. */
  function commonHeaders(
    facts: Pick<ImageDelivery, 'source' | 'forOne' | 'standIn' | 'requestId'>,
    age: AgeFacts,
    vary: string,
  ): string[] {
    const headers = [...withPictures, 'X-Request-ID', facts.requestId];
    // What stands in for a picture has no source whose word on its age could be shown.
    const isOurs = shown === null || facts.standIn !== undefined || age.standsInSeconds !== undefined;
    const { cacheControl: value, expires } = isOurs ? cacheControl({ ...age, forOne: facts.forOne }) : {};
    if (value !== undefined) headers.push('Cache-Control', value);
    if (expires !== undefined) headers.push('Expires', expires);
    if (vary !== '') headers.push('Vary', vary);
    const link = policy.canonical === true ? canonicalLink(facts.source) : null;
    if (link !== null) headers.push('Link', link);
    return headers;
  }

  /** Headers that a 304 carries too (RFC 9110 section 15.4.5). */
  function imageHeaders(facts: ImageDelivery): string[] {
    const { image, delivery, chosen = false, standIn, now } = facts;
    const { sourceCacheControl, sourceExpires, shareable, standsInSeconds } = image;
    const { expiresAt } = delivery;
    const age: AgeFacts =
      standIn === undefined
        ? { now, expiresAt, sourceCacheControl, sourceExpires, shareable, standsInSeconds }
        : {
            now,
            expiresAt,
            shareable,
            sourceCacheControl: standIn.cacheControl,
            status: standIn.status,
            atMostSeconds: standIn.ttlSeconds,
          };
    const headers = commonHeaders(facts, age, mergeVary(delivery.vary, alsoVary));
    if (standIn !== undefined) return headers;
    if (shown !== null) headers.push(...shown(image, facts.forOne === true));
    const { etag, lastModified } = validators({ ...image, chosen });
    if (etag !== undefined) headers.push('ETag', etag);
    if (lastModified !== undefined) headers.push('Last-Modified', lastModified);
    return headers;
  }

  const disposition = (
    { delivery, source }: Pick<ImageDelivery, 'delivery' | 'source'>,
    extension: string,
  ): string[] => {
    const { filename, attachment = policy.attachment } = delivery;
    return ['Content-Disposition', contentDisposition({ filename, attachment, source, extension })];
  };

  const headersWith = (given: Readonly<Record<string, string>>, requestId: string): string[] => {
    const own = flat(given);
    return [...without(always, own), 'X-Request-ID', requestId, ...own];
  };

  const plain = ({ status, body, headers = {} }: FixedReply, requestId: string): Reply => ({
    status,
    headers: headersWith(
      { ...(body === '' ? {} : { 'Content-Type': style.contentType }), ...headers },
      requestId,
    ),
    body: status === 204 ? null : body,
  });

  return {
    plain,
    headers: headersWith,
    image(facts) {
      const headers = imageHeaders(facts);
      const { image, standIn } = facts;
      const { body, mediaType } = image;
      if (body === null) return { status: 304, headers, body: null };
      headers.push('Content-Type', mediaType);
      // A part of what stands in must not be joined to parts of the picture.
      if (standIn === undefined && (image.status ?? 200) === 200) headers.push('Accept-Ranges', 'bytes');
      if (policy.disposition) headers.push(...disposition(facts, extensionOf(mediaType)));
      if (policy.debugHeaders === true) headers.push(...debugHeaders(image));
      const status = standIn?.status ?? image.status ?? 200;
      return { status, headers, body: bodiless.has(status) ? null : body };
    },
    raw(facts) {
      const { status, headers: given, delivery, shareable, now } = facts;
      const age: AgeFacts = {
        now,
        status,
        shareable,
        expiresAt: delivery.expiresAt,
        sourceCacheControl: given['cache-control'],
        sourceExpires: given['expires'],
      };
      const encoded = given['content-encoding'] !== undefined || /accept-encoding/i.test(given['vary'] ?? '');
      const vary = mergeVary(
        delivery.vary.filter((name) => name === 'Cookie'),
        encoded ? ['Accept-Encoding'] : [],
      );
      const headers = commonHeaders(facts, age, vary);
      for (const [name, shown] of passedHeaders) {
        const value = given[name];
        if (value !== undefined) headers.push(shown, value);
      }
      if (policy.disposition && status >= 200 && status < 300) {
        const type = given['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
        headers.push(...disposition(facts, extensionOfSource(facts.source) ?? extensionOf(type)));
      }
      return headers;
    },
    error(error, circumstances) {
      const reply = renderError(error, style, circumstances);
      return { ...reply, headers: [...always, 'X-Request-ID', circumstances.requestId, ...reply.headers] };
    },
    fixed(route, requestId) {
      const type = route.contentType === '' ? {} : { 'Content-Type': route.contentType };
      const own = flat({ ...type, ...route.headers });
      return {
        status: route.status,
        headers: [...without(always, own), 'X-Request-ID', requestId, ...own],
        body: route.body,
        ...(route.quiet === true ? { quiet: true } : {}),
      };
    },
    options: (requestId) => (style.options === 'as-get' ? null : plain(style.options, requestId)),
    head: (requestId) => (style.head === 'as-get' ? null : plain(style.head, requestId)),
    routeFor(raw) {
      const path = routed(raw);
      const isIt = (route: FixedRoute) => (route.below ? path.startsWith(route.path) : path === route.path);
      return style.routes.find(isIt) ?? null;
    },
    isMetrics: (path) => style.metricsPath !== undefined && routed(path) === style.metricsPath,
  };
}

/** RFC 9110 sections 15.3.5 and 15.3.6. */
const bodiless: ReadonlySet<number> = new Set([204, 205]);

/** RFC draft names of the client hints and the ones before them, as `Vary` lists them. */
const clientHintHeaders = ['Sec-Ch-Dpr', 'Dpr', 'Sec-Ch-Width', 'Width'];

/** Headers of a source's own answer that go to the client. */
const passedHeaders: readonly (readonly [name: string, shown: string])[] = [
  ['content-type', 'Content-Type'],
  ['content-encoding', 'Content-Encoding'],
  ['content-range', 'Content-Range'],
  ['accept-ranges', 'Accept-Ranges'],
  ['content-length', 'Content-Length'],
  ['last-modified', 'Last-Modified'],
  ['etag', 'ETag'],
];

function debugHeaders({ width, height, origin }: ServedImage): string[] {
  const sizes = ['X-Result-Width', String(width), 'X-Result-Height', String(height)];
  if (origin === undefined) return sizes;
  return [
    'X-Origin-Width',
    String(origin.width),
    'X-Origin-Height',
    String(origin.height),
    'X-Origin-Content-Length',
    String(origin.bytes),
    ...sizes,
  ];
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

/** Name, value, name, value … */
export const flat = (headers: Readonly<Record<string, string>>): string[] => Object.entries(headers).flat();

/** The headers of `base` that `own` does not set itself. */
export function without(base: readonly string[], own: readonly string[]): string[] {
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
