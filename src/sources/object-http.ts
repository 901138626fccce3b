import { type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { PictorError } from '../core/errors.ts';
import type { Deadline } from './deadline.ts';
import { classifyHeadFailure, isStaleConnection } from './http-errors.ts';

/** A request to a service the operator named: nothing of it comes from a client's URL but the key, encoded. */
export interface ServiceRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ServiceAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Dispatcher.ResponseData['body'];
}

/** HTTP to the services behind object sources. Redirects are not followed; proxies are those of the environment. */
export interface ServiceHttp {
  /** @throws PictorError for everything that happens before the head of an answer is here */
  send(request: ServiceRequest, deadline: Deadline): Promise<ServiceAnswer>;
  close(): Promise<void>;
}

/** Longest silence before a head or within a body, milliseconds. */
const idleMs = 30_000;

export function createServiceHttp(options: { readonly connectTimeoutSeconds: number }): ServiceHttp {
  const dispatcher = new EnvHttpProxyAgent({
    allowH2: false,
    connections: 50,
    connect: { timeout: options.connectTimeoutSeconds * 1000 },
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
  });
  return {
    async send({ url, method = 'GET', headers = {}, body = null }, deadline) {
      const { origin, pathname, search } = new URL(url);
      const path = pathname + search;
      const once = () => dispatcher.request({ origin, path, method, headers, body, signal: deadline.signal });
      try {
        const answer = await once().catch((thrown: unknown) => {
          if (deadline.failure() === null && isStaleConnection(thrown)) return once();
          throw thrown;
        });
        return { status: answer.statusCode, headers: plain(answer.headers), body: answer.body };
      } catch (thrown) {
        throw deadline.failure() ?? classifyHeadFailure(thrown);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

function plain(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

/**
 * The text of a short answer.
 * @throws PictorError SOURCE_FAILED when it is longer than `limit` bytes or breaks off
 */
export async function readText({ body }: ServiceAnswer, limit: number, deadline: Deadline): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > limit)
        throw new PictorError('SOURCE_FAILED', { detail: `an answer of more than ${limit} bytes` });
      chunks.push(chunk);
    }
  } catch (thrown) {
    const failure = deadline.failure() ?? (thrown instanceof PictorError ? thrown : null);
    throw failure ?? new PictorError('SOURCE_FAILED', { detail: 'an answer that broke off', cause: thrown });
  }
  return Buffer.concat(chunks).toString();
}

/** The start of an answer that refuses, on one line, for the log. */
export async function readRefusal(answer: ServiceAnswer, deadline: Deadline): Promise<string> {
  const text = await readText(answer, 16_384, deadline).catch(() => '');
  return `status ${answer.status} ${text.replace(/\s+/g, ' ').trim()}`.slice(0, 300).trim();
}
