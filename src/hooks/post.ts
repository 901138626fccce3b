import { Agent, errors, request } from 'undici';
import type { WebhookPlan } from '../request/webhook.ts';
import type { Setback } from './schedule.ts';
import { signatureHeaders } from './signature.ts';

/** What is sent. */
export interface Post {
  /** Names the delivery: the same for all its attempts. */
  readonly id: string;
  readonly body: string;
}

/** How one attempt ended. */
export interface Attempt {
  readonly outcome: 'delivered' | Setback;
  /** For the log: status or error. Nothing of the URL, which may hold secrets. */
  readonly detail: string;
}

export interface PostOffice {
  /** One attempt. Never rejects. @param signal gives it up; it counts as `away` then */
  post(post: Post, signal: AbortSignal): Promise<Attempt>;
  close(): Promise<void>;
}

/** Statuses by which a server or what stands before it says: later. */
const notNow: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** The redirects that keep method and body (RFC 9110, 15.4.8 and 15.4.9). */
const keepingRedirects: ReadonlySet<number> = new Set([307, 308]);
const mostRedirects = 3;
/** Of an answer nobody reads. Longer ones cost their connection. */
const readBytes = 65_536;

/**
 * Sends messages to the endpoint of a plan. The operator named it, so it may be anywhere; a redirect is followed only
 * within its host, and never from https to http.
 */
export function createPostOffice(
  plan: WebhookPlan,
  { connections, now }: { readonly connections: number; readonly now: () => number },
): PostOffice {
  const timeout = plan.timeoutSeconds * 1000;
  const agent = new Agent({
    connections,
    connect: { timeout },
    headersTimeout: timeout,
    bodyTimeout: timeout,
    maxHeaderSize: 16_384,
  });
  const endpoint = new URL(plan.url);
  const always = { 'Content-Type': 'application/json', 'User-Agent': plan.userAgent, ...basicOf(endpoint) };
  endpoint.username = '';
  endpoint.password = '';

  async function send(url: URL, { id, body }: Post, signal: AbortSignal) {
    const answer = await request(url, {
      dispatcher: agent,
      method: 'POST',
      headers: { ...always, 'X-Webhook-Id': id, ...signatureHeaders(plan.secret, body, now()) },
      body,
      signal,
    });
    // Its status says all. What cannot be read to its end costs the connection, no more.
    answer.body.dump({ limit: readBytes, signal }).catch(() => {});
    return { status: answer.statusCode, location: answer.headers['location'] };
  }

  async function attempt(post: Post, signal: AbortSignal): Promise<Attempt> {
    let url = endpoint;
    for (let redirects = 0; ; redirects += 1) {
      const { status, location } = await send(url, post, signal);
      const next = keepingRedirects.has(status) ? redirected(url, location) : null;
      if (next === null || redirects === mostRedirects)
        return { outcome: outcomeOf(status), detail: `status ${status}` };
      url = next;
    }
  }

  return {
    async post(post, signal) {
      const deadline = AbortSignal.timeout(timeout);
      try {
        return await attempt(post, AbortSignal.any([signal, deadline]));
      } catch (thrown) {
        if (deadline.aborted) return { outcome: 'away', detail: `no answer within ${plan.timeoutSeconds} s` };
        return {
          outcome: thrown instanceof errors.InvalidArgumentError ? 'refused' : 'away',
          detail: reasonOf(thrown),
        };
      }
    },
    close: () => agent.destroy(),
  };
}

function outcomeOf(status: number): Attempt['outcome'] {
  if (status >= 200 && status < 300) return 'delivered';
  return notNow.has(status) ? 'away' : 'refused';
}

function redirected(from: URL, location: string | readonly string[] | undefined): URL | null {
  if (typeof location !== 'string' || !URL.canParse(location, from.href)) return null;
  const to = new URL(location, from.href);
  const secure = to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
  return secure && to.hostname === from.hostname && to.username === '' && to.password === '' ? to : null;
}

function basicOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** The error's own code says it best: ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED, UND_ERR_SOCKET. */
const reasonOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown);
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
};
