/** Who we are to Google. */
export interface GoogleIdentity {
  /** JSON text of a key; empty: what the environment and the machine give. */
  readonly credentials: string;
}

/** Gives the headers that prove it, renewed by themselves before they expire. */
export type Authorise = (url: string) => Promise<Readonly<Record<string, string>>>;

/**
 * Credentials as Google's own SDK finds and renews them. The SDK is loaded here, for it is there only where somebody
 * installed it.
 * @throws Error when the package is missing, or the key is none
 */
export async function openGoogleAuth({ credentials }: GoogleIdentity): Promise<Authorise> {
  const { Storage } = await import('@google-cloud/storage');
  const { authClient } = new Storage(
    credentials === '' ? {} : { credentials: JSON.parse(credentials) as Record<string, string> },
  );
  return async (url) => Object.fromEntries((await authClient.getRequestHeaders(url)).entries());
}
