import { openedOnce } from './opened-once.ts';

/** Who we are to Google. */
export interface GoogleIdentity {
  /** JSON text of a key; empty: what the environment and the machine give. */
  readonly credentials: string;
  /** True: no credentials are shown. */
  readonly anonymous: boolean;
}

/** Gives the headers that prove it, renewed by themselves before they expire. */
export type Authorise = (url: string) => Promise<Readonly<Record<string, string>>>;

/** Where the service is, without a slash; an endpoint may be given with or without the path of its API. */
export const googleOrigin = (endpoint: string): string =>
  (endpoint || 'https://storage.googleapis.com').replace(/(\/storage\/v1)?\/*$/, '');

/**
 * Credentials as Google's own SDK finds and renews them. The SDK is loaded with the first request, for it is there only
 * where somebody installed it.
 * @throws Error from what it gives, when the package is missing or the key is none
 */
export function googleAuth({ credentials, anonymous }: GoogleIdentity): Authorise {
  if (anonymous) return async () => ({});
  const proof = openedOnce(() => open(credentials));
  return async (url) => (await proof())(url);
}

async function open(credentials: string): Promise<Authorise> {
  const { Storage } = await import('@google-cloud/storage');
  const { authClient } = new Storage(
    credentials === '' ? {} : { credentials: JSON.parse(credentials) as Record<string, string> },
  );
  return async (url) => Object.fromEntries((await authClient.getRequestHeaders(url)).entries());
}
