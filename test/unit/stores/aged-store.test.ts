import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAgedStore } from '../../../src/stores/aged-store.ts';
import { createMemoryStore } from '../../../src/stores/memory.ts';

const body = new Uint8Array([1, 2, 3]);

function agedStore() {
  const clock = { now: 5_000 };
  const memory = createMemoryStore({ maxBytes: 1_000_000 });
  const store = createAgedStore(memory, { maxAgeSeconds: 60, now: () => clock.now });
  return { clock, memory, store };
}

test('a blob is there until it is too old, and then for nobody', async () => {
  const { clock, store } = agedStore();
  await store.put('aaaa', body, { name: 'one' });
  clock.now += 59_999;
  assert.deepEqual((await store.get('aaaa'))?.meta, { name: 'one' });
  assert.deepEqual(store.peek?.('aaaa')?.body, body);
  clock.now += 1;
  assert.equal(await store.get('aaaa'), null);
  assert.equal(store.peek?.('aaaa'), null);
});

test('what is put in its place is young, and so is what has new facts', async () => {
  const { clock, store } = agedStore();
  await store.put('aaaa', body, () => ({ name: 'one' }));
  await store.put('bbbb', body, {});
  clock.now += 50_000;
  await store.put('aaaa', body, { name: 'two' });
  await store.setMeta('bbbb', { name: 'three' });
  clock.now += 50_000;
  assert.deepEqual((await store.get('aaaa'))?.meta, { name: 'two' });
  assert.deepEqual((await store.get('bbbb'))?.meta, { name: 'three' });
});

test('new facts do not make an old blob young', async () => {
  const { clock, store } = agedStore();
  await store.put('aaaa', body, {});
  clock.now += 60_000;
  await store.setMeta('aaaa', { name: 'late' });
  assert.equal(await store.get('aaaa'), null);
});

test('what was not written by it counts as missing', async () => {
  const { memory, store } = agedStore();
  await memory.put('aaaa', body, { name: 'older than this process' });
  assert.equal(await store.get('aaaa'), null);
});
