import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryStore } from '../../../src/stores/memory.ts';

describe('memory store', () => {
  it('hands out the very bytes that were put, in the same tick', async () => {
    const store = createMemoryStore({ maxBytes: 1_000_000 });
    const body = new Uint8Array(10_000);
    await store.put('aaaa', body, {});
    assert.equal(store.peek?.('aaaa')?.body, body);
  });

  it('counts a look as a use', async () => {
    const store = createMemoryStore({ maxBytes: 35_000, maxEntryBytes: 35_000 });
    for (const key of ['a', 'b', 'c']) await store.put(key, new Uint8Array(10_000), {});
    assert.ok(store.peek?.('a'));
    await store.put('d', new Uint8Array(10_000), {});
    assert.equal(store.peek?.('b'), null);
    assert.ok(store.peek?.('a'));
  });

  it('counts keys and meta too: many tiny blobs stay within the bound', async () => {
    const store = createMemoryStore({ maxBytes: 100_000 });
    for (let index = 0; index < 1_000; index += 1) {
      await store.put(`tiny${index}`, new Uint8Array(1), { text: 'x'.repeat(1_000) });
    }
    const { bytes, entries } = store.usage!();
    assert.ok(bytes <= 100_000);
    assert.ok(entries >= 20 && entries <= 50, `${entries} entries`);
  });

  it('keeps no blob over an eighth of its size unless told so, and drops the old one', async () => {
    const store = createMemoryStore({ maxBytes: 80_000 });
    await store.put('aaaa', new Uint8Array(100), {});
    await store.put('aaaa', new Uint8Array(10_001), {});
    assert.equal(store.peek?.('aaaa'), null);
    assert.equal(store.maxBlobBytes, 10_000);
  });

  it('does not keep a large buffer alive for a small view on it', async () => {
    const store = createMemoryStore({ maxBytes: 1_000_000 });
    const view = new Uint8Array(1_000_000).subarray(500, 600).fill(7);
    await store.put('aaaa', view, {});
    const held = store.peek?.('aaaa')?.body;
    assert.deepEqual(held, new Uint8Array(100).fill(7));
    assert.equal(held?.buffer.byteLength, 100);
  });

  it('keeps nothing with a size of 0', async () => {
    const store = createMemoryStore({ maxBytes: 0 });
    await store.put('aaaa', new Uint8Array(0), {});
    assert.equal(store.peek?.('aaaa'), null);
  });
});
