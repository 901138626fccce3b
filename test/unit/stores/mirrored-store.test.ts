import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlobStore } from '../../../src/core/ports.ts';
import { createMemoryStore } from '../../../src/stores/memory.ts';
import { createMirroredStore } from '../../../src/stores/mirrored-store.ts';

test('what was put is at hand at once, and written when the far store has it, or could not take it', async () => {
  const memory = () => createMemoryStore({ maxBytes: 10_000 });
  const near = memory();
  for (const fails of [false, true]) {
    const far = memory();
    const held = Promise.withResolvers<void>();
    const slow: BlobStore = {
      ...far,
      async put(...blob) {
        await held.promise;
        if (fails) throw new Error('the disk is full');
        await far.put(...blob);
      },
    };
    const store = createMirroredStore(near, slow);
    await store.put('key', new Uint8Array(3), {});
    assert.equal((await store.get('key'))?.size, 3);
    let settled = false;
    const written = store.written?.('key').then(() => {
      settled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(settled, false);
    held.resolve();
    await written;
    assert.equal((await far.get('key'))?.size, fails ? undefined : 3);
    await store.written?.('another');
  }
});
