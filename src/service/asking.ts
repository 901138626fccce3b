import { sourcesOf } from '../request/canonical.ts';
import type { ImageRequest } from '../request/image-request.ts';
import { markLimitsOf } from '../request/mount-limits.ts';
import { type Asking, inTheNameOf } from './held-original.ts';
import type { ServeRequest } from './serve-image-types.ts';

/** How a request asks for its sources. */
export const askingOf = (
  { visits, cookies, passed, rules }: Omit<ServeRequest, 'signal'>,
  signal: AbortSignal,
): Asking => ({ signal, visits, cookies, passed, rules });

/** The same for one of them: the edition counts for the original alone, and marks have a bound on bytes of their own. */
export function askingFor(uri: string, image: ImageRequest, asking: Asking): Asking {
  const { source, limits, edition } = image;
  const { maxSourceBytes: maxBytes } = (uri === source ? limits : markLimitsOf(uri, image)) ?? {};
  if (uri !== source) return maxBytes === undefined ? asking : { ...asking, maxBytes };
  return maxBytes === undefined && edition === undefined ? asking : { ...asking, maxBytes, edition };
}

/** For whom alone an answer is: one whose cookies or credentials go to one of the sources. Undefined: for everybody. */
export function audienceOf(request: Pick<ServeRequest, 'image' | 'cookies' | 'passed'>): string | undefined {
  const names = sourcesOf(request.image).map((uri) => inTheNameOf(uri, request));
  return names.find((name) => name !== null) ?? undefined;
}
