import type { GetObjectCommand } from '@aws-sdk/client-s3';

/** Status and headers of an answer as they were sent: the SDK parses dates and drops what it does not know. */
export interface RawResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Listens to the answer of one command that is about to be sent.
 * @returns the last answer so far (there may be several tries); null before one has come
 */
export function watchResponse(command: GetObjectCommand): () => RawResponse | null {
  let seen: RawResponse | null = null;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      seen = readResponse(result.response) ?? seen;
      return result;
    },
    // Below the SDK's own reading of the answer, which throws for a 304.
    { step: 'deserialize', priority: 'low', name: 'watchResponse' },
  );
  return () => seen;
}

function readResponse(response: unknown): RawResponse | null {
  if (typeof response !== 'object' || response === null) return null;
  if (!('statusCode' in response && 'headers' in response)) return null;
  const { statusCode, headers } = response;
  if (typeof statusCode !== 'number' || typeof headers !== 'object' || headers === null) return null;
  return {
    status: statusCode,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
    ),
  };
}
