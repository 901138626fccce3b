/**
 * How long pictures are good, seen from both sides of the running program: what the origin is asked (RFC 9111, RFC 5861)
 * and what the client gets. Ages of zero stand for an age that has passed: nothing here waits for a clock if it can help it.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  allowing,
  drawing,
  liveOrigin,
  livePictor,
  metric,
  nativeTarget,
  requestLines,
  shapeOf,
  until,
} from '../support/live-pictor.ts';
import type { Origin, OriginReply } from '../support/origin.ts';
import type { PictorProcess } from '../support/pictor-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const red = await drawing({ width: 90, height: 60, colour: 'red' });
const blue = await drawing({ width: 90, height: 60, colour: 'blue' });

/** Good for no time at all, and never shown old unless the source is down. */
const expired = 'max-age=0, stale-while-revalidate=0, stale-if-error=0';

const cached = (control: string, reply: OriginReply): OriginReply => ({
  ...reply,
  headers: { 'cache-control': control, ...reply.headers },
});

interface Stage {
  readonly origin: Origin;
  readonly pictor: PictorProcess;
  readonly transforms: () => Promise<number>;
}

/** One server and one origin serve all tests of this file that need nothing special: each has a path of its own. */
async function stage(t: TestContext, more: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const origin = await liveOrigin(t);
  const pictor = await livePictor(t, { args: ['serve'], env: { ...allowing(origin), ...more } });
  return { origin, pictor, transforms: () => metric(pictor, 'pictor_transforms_total') };
}

test('a fresh picture is answered without a word to its source, then asked for again', async (t) => {
  const { origin, pictor, transforms } = await stage(t);
  const [path, target] = ['/a.png', nativeTarget(`${origin.url}/a.png`)];

  await t.test('within its age it is a hit', async () => {
    origin.route(path, cached('max-age=3600', { body: red, etag: '"1"' }));
    const made = await pictor.get(target);
    assert.equal(await shapeOf(made), 'png 64x43');
    const again = await pictor.get(target);
    assert.deepEqual(again.body, made.body);
    assert.equal(origin.count(path), 1);
    await pictor.get(nativeTarget(origin.url + path, 'rs:fit:32:32'));
    assert.equal(origin.count(path), 1, 'another variant is made from the original at hand');
    assert.equal(await transforms(), 2);
    await until('the log tells of the hit', () => requestLines(pictor).some(({ cache }) => cache === 'hit'));
  });

  await t.test('after its age the source is asked whether it changed', async () => {
    origin.route(
      '/b.png',
      cached(expired, { body: red, etag: '"1"', lastModified: 'Mon, 02 Jan 2023 03:04:05 GMT' }),
    );
    const before = await transforms();
    const made = await pictor.get(nativeTarget(`${origin.url}/b.png`));
    const again = await pictor.get(nativeTarget(`${origin.url}/b.png`));
    assert.deepEqual(again.body, made.body);
    assert.equal(again.headers['etag'], made.headers['etag']);
    const [first, second] = origin.requests.filter((request) => request.target === '/b.png');
    assert.equal(first?.headers['if-none-match'], undefined);
    assert.equal(second?.headers['if-none-match'], '"1"');
    assert.equal(second?.headers['if-modified-since'], 'Mon, 02 Jan 2023 03:04:05 GMT');
    assert.equal(await transforms(), before + 1, 'a 304 makes nothing new');
    assert.equal(await metric(pictor, 'pictor_fetches_total', { outcome: 'not-modified' }), 1);
  });

  await t.test('a source that answers 200 with the same bytes makes nothing new either', async () => {
    origin.route('/same.png', cached(expired, { body: red }));
    const before = await transforms();
    const made = await pictor.get(nativeTarget(`${origin.url}/same.png`));
    const again = await pictor.get(nativeTarget(`${origin.url}/same.png`));
    assert.deepEqual([again.body, again.headers['etag']], [made.body, made.headers['etag']]);
    assert.equal(await transforms(), before + 1);
  });

  await t.test('many who ask at once for what has expired ask the source once', async () => {
    const reply = cached(expired, { body: red, etag: '"1"' });
    origin.route('/crowd.png', reply);
    const target = nativeTarget(`${origin.url}/crowd.png`);
    const made = await pictor.get(target);
    const answer = Promise.withResolvers<OriginReply>();
    origin.route('/crowd.png', () => answer.promise);
    const before = await transforms();
    const asked = Array.from({ length: 50 }, () => pictor.get(target));
    await until('all are there', async () => (await metric(pictor, 'pictor_connections')) === 50);
    await sleep(200);
    answer.resolve(reply);
    const crowd = await Promise.all(asked);
    for (const { status, body } of crowd) assert.deepEqual([status, body], [200, made.body]);
    assert.equal(origin.count('/crowd.png'), 2);
    assert.equal(await transforms(), before);
  });

  await t.test('a changed source gives new bytes and a new ETag', async () => {
    origin.route('/c.png', cached(expired, { body: red, etag: '"1"' }));
    const made = await pictor.get(nativeTarget(`${origin.url}/c.png`));
    origin.route('/c.png', cached(expired, { body: blue, etag: '"2"' }));
    const conditional = { 'If-None-Match': made.headers['etag']! };
    const changed = await pictor.get(nativeTarget(`${origin.url}/c.png`), conditional);
    assert.equal(changed.status, 200, 'what the client holds is old');
    assert.notDeepEqual(changed.body, made.body);
    assert.notEqual(changed.headers['etag'], made.headers['etag']);
  });

  await t.test('an age of one second ends', async () => {
    origin.route('/d.png', cached('max-age=1, stale-while-revalidate=0', { body: red, etag: '"1"' }));
    await pictor.get(nativeTarget(`${origin.url}/d.png`));
    await until('the source is asked again', async () => {
      assert.equal((await pictor.get(nativeTarget(`${origin.url}/d.png`))).status, 200);
      return origin.count('/d.png') > 1;
    });
  });
});

test('a stale picture', async (t) => {
  const { origin, pictor } = await stage(t);

  await t.test('is answered at once while one check goes on in the background', async () => {
    const stale = 'max-age=0, stale-while-revalidate=600';
    const target = nativeTarget(`${origin.url}/swr.png`);
    origin.route('/swr.png', cached(stale, { body: red, etag: '"1"' }));
    const made = await pictor.get(target);
    const answer = Promise.withResolvers<OriginReply>();
    origin.route('/swr.png', () => answer.promise);
    const meanwhile = await Promise.all(Array.from({ length: 20 }, () => pictor.get(target)));
    for (const reply of meanwhile) assert.deepEqual([reply.status, reply.body], [200, made.body]);
    await until('the check is under way', () => origin.count('/swr.png') === 2);
    answer.resolve(cached('max-age=600', { body: blue, etag: '"2"' }));
    await until('the new picture is shown', async () => !(await pictor.get(target)).body.equals(made.body));
    assert.equal(origin.count('/swr.png'), 2);
  });

  await t.test('stands in for a source that is down, if the source lets it', async () => {
    const failing: readonly OriginReply[] = [
      { status: 500 },
      { status: 503 },
      { reset: true },
      { truncateAt: 20, body: red },
    ];
    for (const [index, failure] of failing.entries()) {
      const path = `/down-${index}.png`;
      const target = nativeTarget(origin.url + path);
      origin.route(
        path,
        cached('max-age=0, stale-while-revalidate=0, stale-if-error=600', { body: red, etag: '"1"' }),
      );
      const made = await pictor.get(target);
      origin.route(path, failure);
      const [again, more] = [await pictor.get(target), await pictor.get(target)];
      for (const reply of [again, more])
        assert.deepEqual(
          [reply.status, reply.body, reply.headers['etag']],
          [200, made.body, made.headers['etag']],
        );
    }
  });

  await t.test(
    'does not stand in where the source forbids it, nor when the source says that it is gone',
    async () => {
      const rules = [
        [expired, { status: 500 }, 502],
        ['max-age=0, must-revalidate', { status: 500 }, 502],
        ['max-age=0, stale-while-revalidate=0, stale-if-error=600', { status: 404 }, 404],
        ['max-age=0, stale-while-revalidate=0, stale-if-error=600', { status: 410 }, 410],
      ] as const;
      for (const [index, [control, failure, status]] of rules.entries()) {
        const path = `/strict-${index}.png`;
        origin.route(path, cached(control, { body: red, etag: '"1"' }));
        assert.equal((await pictor.get(nativeTarget(origin.url + path))).status, 200);
        origin.route(path, failure);
        const reply = await pictor.get(nativeTarget(origin.url + path));
        assert.equal(reply.status, status, `${control} and then ${failure.status}`);
        assert.equal(reply.headers['cache-control'], 'no-store');
      }
    },
  );

  await t.test('stands in when the whole origin is gone', async () => {
    const target = nativeTarget(`${origin.url}/gone.png`);
    origin.route(
      '/gone.png',
      cached('max-age=0, stale-while-revalidate=0, stale-if-error=600', { body: red }),
    );
    const made = await pictor.get(target);
    await origin.close();
    const reply = await pictor.get(target);
    assert.deepEqual([reply.status, reply.body], [200, made.body]);
  });
});

test('failures', async (t) => {
  const { origin, pictor } = await stage(t);

  /** As many questions as a memory of `seconds` allows in the time that has passed. */
  const atMost = (began: number, seconds: number) => 1 + Math.floor((Date.now() - began) / (seconds * 1000));

  for (const [status, seconds, reply] of [
    [404, 10, 404],
    [500, 2, 502],
  ] as const) {
    await t.test(
      `a ${status} is remembered for a moment, for all variants, and not told to caches`,
      async () => {
        const path = `/failing-${status}.png`;
        origin.route(path, { status, headers: { 'cache-control': 'max-age=3600' } });
        const began = Date.now();
        for (const width of [10, 10, 11, 12]) {
          const { status: given, headers } = await pictor.get(nativeTarget(origin.url + path, `w:${width}`));
          assert.deepEqual(
            [given, headers['cache-control'], headers['etag']],
            [reply, 'no-store', undefined],
          );
        }
        assert.ok(origin.count(path) <= atMost(began, seconds), `${origin.count(path)} questions`);
      },
    );
  }

  await t.test('many who ask at once for what fails ask the source once', async () => {
    origin.route('/down.png', { status: 500, delayMs: 300 });
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        pictor.get(nativeTarget(`${origin.url}/down.png`, `w:${(index % 3) + 1}`)),
      ),
    );
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([502]));
    assert.equal(origin.count('/down.png'), 1);
  });

  await t.test('are never kept as pictures: a source that is repaired is shown', async () => {
    const entries = () => metric(pictor, 'pictor_store_entries');
    const before = await entries();
    const target = nativeTarget(`${origin.url}/repaired.png`);
    origin.route('/repaired.png', { status: 500 });
    assert.equal((await pictor.get(target)).status, 502);
    assert.equal(await entries(), before);
    origin.route('/repaired.png', cached(expired, { body: 'no picture at all' }));
    let broken = await pictor.get(target);
    await until('the source is asked again', async () => {
      broken = await pictor.get(target);
      return broken.status !== 502;
    });
    assert.deepEqual([broken.status, broken.headers['content-type']], [422, 'text/plain']);
    origin.route('/repaired.png', cached(expired, { body: red.subarray(0, 60) }));
    assert.equal((await pictor.get(target)).status, 422);
    origin.route('/repaired.png', cached('max-age=600', { body: red }));
    assert.equal(await shapeOf(await pictor.get(target)), 'png 64x43');
  });

  await t.test('a broken picture is not made again and again', async () => {
    origin.route('/broken.png', cached('max-age=600', { body: red.subarray(0, 60) }));
    const statuses = [];
    for (let round = 0; round < 3; round++)
      statuses.push((await pictor.get(nativeTarget(`${origin.url}/broken.png`))).status);
    assert.deepEqual(statuses, [422, 422, 422]);
    assert.equal(origin.count('/broken.png'), 1);
  });
});

test('what a source calls private is fetched for each who asks, kept nowhere, and told to nobody', async (t) => {
  const { origin, pictor } = await stage(t);
  const entries = () => metric(pictor, 'pictor_store_entries');
  for (const control of ['no-store', 'private', 'private, max-age=600']) {
    const path = `/${control.replaceAll(/[^a-z]/g, '')}.png`;
    origin.route(path, cached(control, { body: red, etag: '"1"' }));
    for (const asked of [1, 2]) {
      const reply = await pictor.get(nativeTarget(origin.url + path));
      assert.equal(await shapeOf(reply), 'png 64x43');
      assert.equal(reply.headers['cache-control'], 'private, no-store', control);
      assert.equal(origin.count(path), asked, control);
    }
  }
  await sleep(100);
  assert.equal(await entries(), 0);
});

test('a source that becomes private is from then on kept nowhere', async (t) => {
  const { origin, pictor } = await stage(t);
  const target = nativeTarget(`${origin.url}/turned.png`);
  for (const control of ['no-store', 'private']) {
    origin.route('/turned.png', cached('max-age=0, stale-while-revalidate=0', { body: red, etag: '"1"' }));
    const before = await pictor.get(target);
    assert.notEqual(before.headers['cache-control'], 'private, no-store');
    origin.route('/turned.png', cached(control, { body: red, etag: '"1"' }));
    for (let round = 0; round < 3; round++) {
      const asked = origin.count('/turned.png');
      const reply = await pictor.get(target);
      assert.deepEqual([reply.status, reply.body], [200, before.body]);
      assert.equal(reply.headers['cache-control'], 'private, no-store', `${control}, round ${round}`);
      assert.equal(origin.count('/turned.png'), asked + 1, `${control}, round ${round}`);
    }
    await until('nothing is kept', async () => (await metric(pictor, 'pictor_store_entries')) === 0);
  }
});

test('a restart keeps pictures and originals on disk', async (t) => {
  const dir = await temporaryFolder(t);
  const origin = await liveOrigin(t);
  origin.route('/a.png', cached('max-age=3600', { body: red, etag: '"1"' }));
  origin.route('/old.png', cached(expired, { body: blue, etag: '"1"' }));
  const options = { args: ['serve'], env: { ...allowing(origin), PICTOR_CACHE_DIR: dir } };
  const [target, old] = [nativeTarget(`${origin.url}/a.png`), nativeTarget(`${origin.url}/old.png`)];

  const first = await livePictor(t, options);
  const made = await first.get(target);
  const madeOld = await first.get(old);
  assert.equal(await first.stop(), 0);
  assert.ok(existsSync(dir));

  const second = await livePictor(t, options);
  const again = await second.get(target);
  assert.deepEqual([again.status, again.body, again.headers['etag']], [200, made.body, made.headers['etag']]);
  assert.equal(origin.count('/a.png'), 1, 'the variant was at hand');
  assert.equal(
    await shapeOf(await second.get(nativeTarget(`${origin.url}/a.png`, 'rs:fit:30:30'))),
    'png 30x20',
  );
  assert.equal(origin.count('/a.png'), 1, 'and so was the original');
  assert.equal(await metric(second, 'pictor_transforms_total'), 1);

  assert.deepEqual((await second.get(old)).body, madeOld.body);
  const asked = origin.requests.filter((request) => request.target === '/old.png');
  assert.deepEqual(
    asked.map(({ headers }) => headers['if-none-match']),
    [undefined, '"1"'],
  );
  assert.equal(
    await metric(second, 'pictor_transforms_total'),
    1,
    'a 304 after the restart makes nothing new',
  );
});
