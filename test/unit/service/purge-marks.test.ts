import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openPurgeMarks, type PurgeJournal } from '../../../src/service/purge-marks.ts';

function journal(): PurgeJournal & { lines: string[] } {
  const kept = {
    lines: [] as string[],
    read: async () => kept.lines,
    append: async (line: string) => void kept.lines.push(line),
    async replace(lines: readonly string[]) {
      kept.lines = [...lines];
    },
  };
  return kept;
}

const uri = 'https://a.test/1.jpg';

test('what was asked for until the purge is gone, what comes after is not', async () => {
  const marks = await openPurgeMarks({ journal: journal(), now: () => 1000 });
  assert.equal(marks.of(uri), 0);
  assert.equal(marks.isGone([{ uri, asked: 0 }]), false);
  const { at } = await marks.set({ uri });
  assert.equal(at, 1000);
  assert.deepEqual(
    [999, 1000, 1001].map((asked) => marks.isGone([{ uri, asked }])),
    [true, true, false],
  );
  assert.equal(marks.isGone([{ uri: `${uri}?`, asked: 1 }]), false);
  assert.equal(
    marks.isGone([
      { uri: 'b', asked: 1 },
      { uri, asked: 5 },
    ]),
    true,
    'any of them',
  );
});

test('a mark counts from the call on, and settles when it is noted', async () => {
  const noted = Promise.withResolvers<void>();
  const slow = { ...journal(), append: () => noted.promise };
  const marks = await openPurgeMarks({ journal: slow, now: () => 1000 });
  let settled = false;
  const setting = marks.set({ uri }).then(() => (settled = true));
  assert.equal(marks.isGone([{ uri, asked: 1000 }]), true);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(settled, false);
  noted.resolve();
  await setting;
});

test('a purge that cannot be noted is told', async () => {
  const broken = { ...journal(), append: () => Promise.reject(new Error('disk full')) };
  const marks = await openPurgeMarks({ journal: broken, now: () => 1 });
  await assert.rejects(marks.set({ uri }), { code: 'STORE_FAILED', detail: /disk full/ });
});

test('each purge is later than the one before, also when the clock is set back', async () => {
  let now = 1000;
  const marks = await openPurgeMarks({ journal: journal(), now: () => now });
  await marks.set({ uri });
  now = 10;
  const { at } = await marks.set({ uri });
  assert.equal(at, 1001);
  assert.equal(marks.isGone([{ uri, asked: 1000 }]), true);
});

test('an earlier run’s purges count, and what it has looked through is not looked through again', async () => {
  const kept = journal();
  const earlier = await openPurgeMarks({ journal: kept, now: () => 50 });
  await earlier.set({ uri });
  await earlier.swept(50);
  await earlier.set({ prefix: 'original://s/b/ns/' });
  const marks = await openPurgeMarks({ journal: kept, now: () => 60 });
  assert.equal(marks.of(uri), 50);
  assert.equal(marks.of('original://s/b/ns/x'), 51);
  assert.equal(marks.of('original://s/b/ns'), 0);
  assert.deepEqual(marks.unswept(), [{ prefix: 'original://s/b/ns/', at: 51 }]);
  const next = await marks.set({ uri });
  assert.equal(next.at, 60);
});

test('a journal that is none is not passed over: nobody would know what was purged', async () => {
  const kept = journal();
  kept.lines = ['{"at":"soon"}'];
  await assert.rejects(openPurgeMarks({ journal: kept, now: () => 1 }), { code: 'STORE_FAILED' });
});

test('however many there are: none that was set is ever forgotten, and the journal stays small', async () => {
  const texts = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
  const scope = fc.oneof(
    fc.record({ uri: texts.map((text) => `https://${text}`) }),
    fc.record({ prefix: fc.tuple(texts, texts).map(([a, b]) => `original://s/${a}/${b}`) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(scope, { maxLength: 60 }),
      fc.integer({ min: 2, max: 9 }),
      async (scopes, most) => {
        let now = 1;
        const kept = journal();
        let marks = await openPurgeMarks({ journal: kept, now: () => now, most });
        const last = new Map<string, number>();
        for (const each of scopes) {
          now += 2;
          const { at } = await marks.set(each);
          last.set('uri' in each ? each.uri : `${each.prefix}/x`, at);
          if (now % 5 === 0) marks = await openPurgeMarks({ journal: kept, now: () => now, most });
          for (const [of, asked] of last) assert.ok(marks.isGone([{ uri: of, asked }]), of);
          assert.equal(marks.isGone([{ uri: 'https://a', asked: now + 1 }]), false);
          assert.ok(marks.unswept().length <= most);
        }
      },
    ),
    { numRuns: 60 },
  );
});
