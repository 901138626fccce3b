/** The management API of a running pictor, as an operator's script asks it. */
import assert from 'node:assert/strict';
import { freePort } from './pictor-process.ts';

/** What answers hold, all of them together. */
export interface ManagementAnswer {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly reason?: string;
    readonly requestId: string;
  };
  readonly mounts: readonly {
    readonly name: string;
    readonly readOnly: boolean;
    readonly namedBuckets: boolean;
  }[];
  readonly originals: readonly { readonly key: string; readonly bytes: number }[];
  readonly cursor: string | null;
  readonly belongings: readonly { readonly key: string }[];
  readonly objects: number;
  readonly copies: string;
  readonly done: boolean;
}

export interface ManagementReply {
  readonly status: number;
  readonly headers: Headers;
  readonly json: ManagementAnswer;
}

export interface ManagementAccess {
  readonly url: string;
  readonly token: string;
  /** Variables that switch it on. */
  readonly env: Readonly<Record<string, string>>;
  /** A `body` makes it a POST. */
  ask(
    path: string,
    options?: { readonly method?: string; readonly body?: unknown },
  ): Promise<ManagementReply>;
  /** As `ask`, and it must be answered with 200. */
  expect(
    path: string,
    options?: { readonly method?: string; readonly body?: unknown },
  ): Promise<ManagementReply['json']>;
}

/** On a port that nobody listens on yet. */
export async function managementAccess(): Promise<ManagementAccess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const token = 'a-token-that-only-the-operator-of-this-test-knows';
  const access: ManagementAccess = {
    url,
    token,
    env: { PICTOR_MANAGEMENT_BIND: `127.0.0.1:${port}`, PICTOR_MANAGEMENT_TOKENS: token },
    async ask(path, { method, body } = {}) {
      const response = await fetch(url + path, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return {
        status: response.status,
        headers: response.headers,
        json: (await response.json()) as ManagementAnswer,
      };
    },
    async expect(path, options) {
      const { status, json } = await access.ask(path, options);
      assert.equal(status, 200, JSON.stringify(json));
      return json;
    },
  };
  return access;
}
