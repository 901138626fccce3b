import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fillBody, fillKey, fillStore } from '../../../scripts/fill-store.ts';
import { createFsStore } from '../../../src/stores/fs.ts';
import { expectBlob } from '../../contract/store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folders = 256;
const perFolder = 400;

/** Adds 102,400 names like those of blobs. They are links to few files: only their number matters here. */
function addManyNames(dir: string): void {
  const template = join(dir, 'template');
  writeFileSync(template, 'not a record');
  for (let folder = 0; folder < folders; folder += 1) {
    const path = join(dir, 'blobs', folder.toString(16).padStart(2, '0'), '00');
    mkdirSync(path, { recursive: true });
    const own = join(path, '0'.repeat(60));
    writeFileSync(own, 'not a record');
    for (let index = 1; index < perFolder; index += 1)
      linkSync(own, join(path, index.toString(16).padStart(60, '0')));
  }
}

/** Counts the file operations that begin while `task` runs. */
async function fileOperations(task: () => Promise<void>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type.startsWith('FSREQ')) count += 1;
    },
  }).enable();
  await task();
  hook.disable();
  return count;
}

describe('disk store: start', () => {
  it('does as much for a hundred thousand files as for none', async (t) => {
    const emit = () => {};
    const maxBytes = 10 ** 10;
    const empty = await temporaryFolder(t);
    const forEmpty = await fileOperations(async () =>
      (await createFsStore({ dir: empty, maxBytes, emit })).close(),
    );

    const full = await temporaryFolder(t);
    const { bytes } = fillStore(full, 50);
    addManyNames(full);
    const opened = Promise.withResolvers<Awaited<ReturnType<typeof createFsStore>>>();
    const forFull = await fileOperations(async () => {
      const store = await createFsStore({ dir: full, maxBytes, emit });
      opened.resolve(store);
    });
    const store = await opened.promise;
    t.after(() => store.close());

    assert.ok(forEmpty > 0 && forEmpty < 100, `${forEmpty} file operations`);
    assert.ok(forFull <= forEmpty + 10, `${forFull} file operations, ${forEmpty} for an empty folder`);
    assert.deepEqual(store.usage!(), { bytes, entries: 50 });
    await expectBlob(store, fillKey(7), fillBody(7), { index: 7 });
  });

  it('makes room among a hundred thousand files without looking at all of them', async (t) => {
    const dir = await temporaryFolder(t);
    fillStore(dir, 50);
    addManyNames(dir);
    const store = await createFsStore({ dir, maxBytes: 50 * 4096, emit: () => {} });
    t.after(() => store.close());
    const operations = await fileOperations(() => store.put('new', Buffer.from('new'), {}));
    assert.ok(operations < 6_000, `${operations} file operations`);
    await expectBlob(store, 'new', Buffer.from('new'), {});
  });

  it('stops a walk that is under way when it is closed', async (t) => {
    const dir = await temporaryFolder(t);
    fillStore(dir, 2_000);
    const store = await createFsStore({ dir, maxBytes: 10 ** 10, emit: () => {}, sweepAfterSeconds: 0 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const operations = await fileOperations(() => store.close());
    assert.ok(operations < 200, `${operations} file operations`);
  });
});
