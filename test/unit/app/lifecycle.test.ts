import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { execPath, kill, pid } from 'node:process';
import { describe, it } from 'node:test';
import { createLazyEngine } from '../../../src/app/lazy-engine.ts';
import { createLazySource } from '../../../src/app/lazy-source.ts';
import { closeInOrder } from '../../../src/app/shutdown.ts';
import { closeOnSignal } from '../../../src/app/signals.ts';
import type { Engine } from '../../../src/plan/engine-port.ts';
import { repositoryRoot } from '../../support/repository.ts';

describe('shutdown', () => {
  it('closes one after the other, and goes on after a failure', async () => {
    const log: string[] = [];
    const slow = (name: string) => ({
      name,
      close: async () => {
        log.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        log.push(`${name} ends`);
      },
    });
    const broken = {
      name: 'broken',
      close: () => {
        throw new Error('stuck');
      },
    };
    await closeInOrder([slow('a'), broken, slow('b')], (name, error) =>
      log.push(`${name}: ${String(error)}`),
    );
    assert.deepEqual(log, ['a begins', 'a ends', 'broken: Error: stuck', 'b begins', 'b ends']);
  });
});

describe('signals', () => {
  it('close once; a second one does not wait', async () => {
    const closing = Promise.withResolvers<void>();
    let closes = 0;
    const ending = closeOnSignal({
      close() {
        closes += 1;
        return closing.promise;
      },
    });
    kill(pid, 'SIGTERM');
    while (closes === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    kill(pid, 'SIGINT');
    assert.equal(await ending, 'forced');
    assert.equal(closes, 1);
    closing.resolve();
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
    it(`end well when everything was closed: ${signal}`, async () => {
      const ending = closeOnSignal({ close: async () => {} });
      kill(pid, signal);
      assert.equal(await ending, 'closed');
    });
});

describe('an exception nobody caught', () => {
  for (const [name, code] of Object.entries({
    'a throw': "setTimeout(() => { throw new Error('lost'); })",
    'a rejection': "void Promise.reject(new Error('lost'))",
  })) {
    it(`ends the process with 1 after its last words: ${name}`, () => {
      const guard = path.join(repositoryRoot, 'src/app/process-guard.ts');
      const script = `
        import { endOnUncaught } from ${JSON.stringify(guard)};
        const said = [];
        endOnUncaught({
          emit: (event) => said.push(event),
          flush: async () => console.log(JSON.stringify(said)),
        });
        setInterval(() => {}, 1000);
        ${code};`;
      const { status, stdout } = spawnSync(execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      });
      assert.equal(status, 1);
      const [event] = JSON.parse(stdout) as { level: string; facts: { detail: string } }[];
      assert.equal(event?.level, 'error');
      assert.match(event.facts.detail, /^Error: lost\n/);
    });
  }
});

describe('what is loaded late', () => {
  it('a source is loaded by its first use, once, and closed only when it was', async () => {
    const calls: string[] = [];
    const source = createLazySource(['x'], async () => {
      calls.push('load');
      return {
        schemes: ['x'],
        open: async (uri) => {
          calls.push(uri);
          return { status: 'not-modified' as const };
        },
        close: async () => void calls.push('close'),
      };
    });
    const context = { signal: AbortSignal.timeout(10_000), maxBytes: 1 };
    await Promise.all([source.open('x:1', context), source.open('x:2', context)]);
    await source.close?.();
    assert.deepEqual(calls, ['load', 'x:1', 'x:2', 'close']);
    const unused = createLazySource(['x'], async () => assert.fail('nobody needed it'));
    await unused.close?.();
  });

  it('an engine is made by its start or its first image, once', async () => {
    let made = 0;
    const stats = { workers: 2, busy: 0, started: 2, crashed: 0, timedOut: 0, recycled: 0, rssBytes: 5 };
    const engine = createLazyEngine(async () => {
      made += 1;
      return { stats: () => stats, close: async () => {} } as unknown as Engine;
    });
    assert.equal(engine.stats().workers, 0);
    engine.start();
    engine.start();
    await engine.close();
    assert.deepEqual([made, engine.stats().rssBytes], [1, 5]);
    engine.start();
    await assert.rejects(
      engine.inspect(
        { path: '/x' },
        { maxPixels: 0, maxSide: 0, maxFrames: 0, maxFramePixels: 0, maxResultPixels: 0 },
      ),
      /shutting down/,
    );
    assert.equal(made, 1);
  });
});
