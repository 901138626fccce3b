import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Channel, createChannel } from '../../../../src/app/processes/channel.ts';
import { createClaims, type TurnEnd } from '../../../../src/app/processes/claims.ts';
import type { PrimaryQuestions } from '../../../../src/app/processes/questions.ts';
import { createRunOnce } from '../../../../src/app/processes/run-once.ts';
import { ConfigError } from '../../../../src/config/problems.ts';
import { PictorError } from '../../../../src/core/errors.ts';

type NoQuestions = Readonly<Record<string, never>>;

/** Two processes and their primary, in one. */
function processes(patience?: number) {
  const claims = createClaims<string>();
  const released: (TurnEnd & { readonly changed?: string })[] = [];
  const process = (name: string) => {
    type Questions = Pick<PrimaryQuestions, 'claim' | 'release'>;
    const carried = (message: unknown) => structuredClone(message);
    const primary: Channel<Questions> = createChannel<Questions, NoQuestions>(
      (message) => setImmediate(() => serving.hear(carried(message))),
      {},
    );
    const serving = createChannel<NoQuestions, Questions>(
      (message) => setImmediate(() => primary.hear(carried(message))),
      {
        claim: (wanted) => claims.claim(name, wanted),
        release(end) {
          released.push(end);
          claims.release(name, end);
        },
      },
    );
    return { runOnce: createRunOnce(primary, patience), primary };
  };
  return { a: process('a'), b: process('b'), claims, released };
}

const { signal } = new AbortController();

test('the second to come looks when the first is done, and what it made can be found', async () => {
  const { a, b, released } = processes();
  const order: string[] = [];
  const found = Promise.withResolvers<void>();
  const first = a.runOnce({
    name: 'x',
    signal,
    changes: 'key',
    findable: async () => found.promise.then(() => void order.push('written')),
    work: async () => order.push('made'),
  });
  await first;
  const second = b.runOnce({ name: 'x', signal, work: async () => order.push('looked') });
  setTimeout(found.resolve, 20);
  await second;
  assert.deepEqual(order, ['made', 'written', 'looked']);
  assert.deepEqual(released, [{ name: 'x', handOn: false, changed: 'key' }]);
});

test('a failure that is remembered is told to the others; one that is nobody else’s is not', async () => {
  const { a, b } = processes();
  const heard: string[] = [];
  const failing = (code: 'SOURCE_NOT_FOUND' | 'CANCELLED') => async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw new PictorError(code, { upstreamStatus: 410 });
  };
  for (const code of ['SOURCE_NOT_FOUND', 'CANCELLED'] as const) {
    const first = a.runOnce({ name: code, signal, work: failing(code) });
    const second = b.runOnce({
      name: code,
      signal,
      failedElsewhere: (error) => heard.push(`${error.code} ${error.upstreamStatus}`),
      work: async () => 'done after all',
    });
    await assert.rejects(first, { code });
    assert.equal(await second, 'done after all');
  }
  assert.deepEqual(heard, ['SOURCE_NOT_FOUND 410']);
});

test('whoever hangs is not waited for beyond patience, and a turn that comes too late is handed on', async () => {
  const { a, b, claims } = processes(30);
  const hang = Promise.withResolvers<string>();
  const first = a.runOnce({ name: 'x', signal, work: () => hang.promise });
  assert.equal(await b.runOnce({ name: 'x', signal, work: async () => 'alone' }), 'alone');
  hang.resolve('late');
  assert.equal(await first, 'late');
  while (claims.size() > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a client that leaves ends the wait, and the turn goes past it', async () => {
  const { a, b, claims } = processes();
  const hang = Promise.withResolvers<void>();
  const first = a.runOnce({ name: 'x', signal, work: () => hang.promise });
  const leaving = new AbortController();
  const second = b.runOnce({
    name: 'x',
    signal: leaving.signal,
    work: async () => assert.fail('nobody waits'),
  });
  leaving.abort(new Error('left'));
  await assert.rejects(second, /left/);
  hang.resolve();
  await first;
  while (claims.size() > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('without a primary the work is done all the same', async () => {
  const { a } = processes();
  a.primary.end(new Error('gone'));
  assert.equal(await a.runOnce({ name: 'x', signal, work: async () => 'done' }), 'done');
});

test('errors travel as what they are', async () => {
  type Questions = { fail: (kind: string) => void };
  const errors: Record<string, Error> = {
    ours: new PictorError('BUSY', {
      detail: 'full',
      retryAfterSeconds: 3,
      cause: Object.assign(new Error('x'), { code: 'EADDRINUSE' }),
    }),
    config: new ConfigError([{ where: 'server.bind', message: 'no' }]),
    bug: new TypeError('oh'),
  };
  const asking: Channel<Questions> = createChannel<Questions, NoQuestions>(
    (message) => answering.hear(structuredClone(message)),
    {},
  );
  const answering = createChannel<NoQuestions, Questions>(
    (message) => asking.hear(structuredClone(message)),
    {
      fail(kind) {
        throw errors[kind] ?? new Error(kind);
      },
    },
  );
  await assert.rejects(asking.ask('fail', 'ours'), (error: PictorError) => {
    assert.ok(error instanceof PictorError);
    assert.deepEqual([error.code, error.detail, error.retryAfterSeconds], ['BUSY', 'full', 3]);
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'EADDRINUSE');
    return true;
  });
  await assert.rejects(asking.ask('fail', 'config'), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.problems, [{ where: 'server.bind', message: 'no' }]);
    return true;
  });
  await assert.rejects(asking.ask('fail', 'bug'), /TypeError: oh/);
});
