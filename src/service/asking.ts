import { sourcesOf } from '../request/canonical.ts';
import type { ImageRequest } from '../request/image-request.ts';
import { type Asking, inTheNameOf } from './held-original.ts';
import type { ServeRequest } from './serve-image-types.ts';

/** How a request asks for its sources. */
export const askingOf = (
  { visits, cookies, passed, rules }: Omit<ServeRequest, 'signal'>,
  signal: AbortSignal,
): Asking => ({ signal, visits, cookies, passed, rules });

/** The same for one of them: bound on bytes and edition count for the original, not for marks. */
export const askingFor = (uri: string, { source, limits, edition }: ImageRequest, asking: Asking): Asking =>
  uri === source && (limits?.maxSourceBytes !== undefined || edition !== undefined)
    ? { ...asking, maxBytes: limits?.maxSourceBytes, edition }
    : asking;

/** For whom alone an answer is: one whose cookies or credentials go to one of the sources. Undefined: for everybody. */
export function audienceOf(request: Pick<ServeRequest, 'image' | 'cookies' | 'passed'>): string | undefined {
  const names = sourcesOf(request.image).map((uri) => inTheNameOf(uri, request));
  return names.find((name) => name !== null) ?? undefined;
}
