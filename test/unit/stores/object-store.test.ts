import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { PictorEvent } from '../../../src/core/events.ts';
import { createObjectStore, type ObjectClient } from '../../../src/stores/object-store.ts';
import { Refused } from '../../../src/stores/objects/link.ts';
import { eventually } from '../../support/eventually.ts';

/** A service in memory that a test can break. */
function createService() {
  const objects = new Map<string, Uint8Array>();
  const state: { trouble: Error | null; asked: number } = { trouble: null, asked: 0 };
  const answer = () => {
    state.asked += 1;
    if (state.trouble !== null) throw state.trouble;
  };
  const client: ObjectClient = {
    async read(path) {
      answer();
      return objects.get(path) ?? null;
    },
    async write(path, bytes) {
      answer();
      objects.set(path, bytes);
    },
    async remove(path) {
      answer();
      objects.delete(path);
    },
    close: async () => {},
  };
  return { objects, state, client };
}

function open(t: TestContext) {
  const service = createService();
  const events: PictorEvent[] = [];
  const store = createObjectStore({
    client: service.client,
    name: 'objects',
    place: 'bucket',
    pathOf: (key) => `pre/${key}`,
    readSeconds: 5,
    writeSeconds: 5,
    maxBlobBytes: 1000,
    emit: (event) => events.push(event),
  });
  t.after(() => store.close());
  const notices = () => events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  return { ...service, store, notices };
}

test('a service that is away is not asked, and what was to be replaced is gone when it is back', async (t) => {
  const { store, objects, state, notices } = open(t);
  await store.put('cafe0001', Buffer.from('old'), {});
  state.trouble = new Error('no route');
  await assert.rejects(store.put('cafe0001', Buffer.from('new'), {}), { code: 'STORE_FAILED' });
  assert.equal(await store.get('cafe0002'), null);
  assert.deepEqual(notices(), ['a cache cannot be reached; going on without it']);
  const { asked } = state;
  assert.equal(await store.get('cafe0002'), null);
  await assert.rejects(store.delete('cafe0003'), { code: 'STORE_FAILED' });
  assert.equal(state.asked, asked);
  assert.equal(objects.size, 1);
  state.trouble = null;
  await eventually('it is back', () => notices().includes('a cache is back'));
  assert.equal(objects.size, 0);
  assert.equal(await store.get('cafe0001'), null);
});

test('a service that says no is there', async (t) => {
  const { store, state, notices } = open(t);
  state.trouble = new Refused('status 403');
  for (let time = 0; time < 5; time += 1) assert.equal(await store.get('cafe0001'), null);
  assert.deepEqual(notices(), []);
  assert.equal(state.asked, 5);
});

test('what is no entry of ours counts as missing, what is too large is not kept', async (t) => {
  const { store, objects } = open(t);
  objects.set('pre/cafe0001', Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'));
  assert.equal(await store.get('cafe0001'), null);
  await store.put('cafe0001', Buffer.alloc(1001), {});
  assert.equal(objects.size, 0);
});
