import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { partOf, processesProblem, shareOf } from '../../../../src/app/processes/share.ts';
import { settingsSchema } from '../../../../src/app/settings.ts';

test('shares add up to the whole, differ by one at most, and nobody goes without', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 64 }), (whole, count) => {
      const parts = Array.from({ length: count }, (_, index) => partOf(whole, { index, count }));
      assert.equal(
        parts.reduce((sum, part) => sum + part, 0),
        Math.max(whole, count),
      );
      assert.ok(Math.max(...parts) - Math.min(...parts) <= 1);
    }),
  );
});

test('no bound stays no bound', () => {
  assert.equal(partOf(0, { index: 1, count: 3 }), 0);
});

test('what a setting bounds for the server is divided; what lies in a shared folder is not', () => {
  const config = settingsSchema.parse({
    server: { processes: 2, maxConnections: 100 },
    engine: { workers: 3 },
    cache: { dir: 'data', memory: 1000, variants: 5000 },
    admission: { fetchConcurrency: 8, processQueue: 7 },
    mounts: [{ dialect: 'imgproxy', prefix: '/a', cache: { dir: 'other', memory: 10 } }],
  });
  const [first, second] = [0, 1].map((index) => shareOf(config, { index, count: 2 }));
  assert.deepEqual(
    [first, second].map((each) => ({
      connections: each!.server.maxConnections,
      workers: each!.engine.workers,
      memory: each!.cache.memory,
      ofMount: each!.mounts[0]!.cache?.memory,
      variants: each!.cache.variants,
      fetches: each!.admission.fetchConcurrency,
      queue: each!.admission.processQueue,
    })),
    [
      { connections: 50, workers: 2, memory: 500, ofMount: 5, variants: 5000, fetches: 4, queue: 4 },
      { connections: 50, workers: 1, memory: 500, ofMount: 5, variants: 5000, fetches: 4, queue: 3 },
    ],
  );
});

test('several processes need a folder for every cache', () => {
  const problem = (settings: object) => processesProblem(settingsSchema.parse(settings));
  const mounts = [{ dialect: 'imgproxy', prefix: '/a' }];
  assert.equal(problem({ cache: { dir: '' }, mounts }), null);
  assert.equal(problem({ server: { processes: 2 }, cache: { dir: 'x' }, mounts }), null);
  assert.match(problem({ server: { processes: 2 }, cache: { dir: '' }, mounts })!, /cache\.dir/);
});
