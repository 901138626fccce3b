import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BlobStore } from '../../../src/core/ports.ts';
import { createFsStore } from '../../../src/stores/fs.ts';
import { assertWhole } from '../../contract/store.ts';
import { eventually } from '../../support/eventually.ts';
import { bytesOf, filesOf, storeEvents } from '../../support/store-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const writer = fileURLToPath(new URL('../../support/store-writer.ts', import.meta.url));

interface Acknowledged {
  readonly key: string;
  readonly round: number;
}

/** Starts a process that writes for ever; `acknowledged` fills with what it says is stored. */
function startWriter(t: TestContext, options: { dir: string; maxBytes: number; seed: number }) {
  const { dir, maxBytes, seed } = options;
  const child = spawn(process.execPath, [writer, dir, String(maxBytes), String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const acknowledged = new Map<string, number>();
  const lines = createInterface({ input: child.stdout });
  const enough = Promise.withResolvers<void>();
  let count = 0;
  lines.on('line', (line) => {
    // The last line may be cut off by the kill.
    if (!line.endsWith('}')) return;
    const { key, round } = JSON.parse(line) as Acknowledged;
    acknowledged.set(key, round);
    count += 1;
    if (count === 40 + seed * 7) enough.resolve();
  });
  const ended = new Promise<void>((resolve) => lines.once('close', resolve));
  return { child, acknowledged, enough: enough.promise, ended };
}

async function kill(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

/** Every blob there is must be whole, and no older than what was acknowledged. Returns how many there are. */
async function checkAll(
  store: BlobStore,
  acknowledged: ReadonlyMap<string, number>,
  all: boolean,
): Promise<number> {
  let held = 0;
  for (const [key, round] of acknowledged) {
    const blob = await store.get(key);
    if (blob === null) {
      assert.ok(!all, `${key} was acknowledged in round ${round} and is gone`);
      continue;
    }
    held += 1;
    assertWhole(await blob.bytes(), blob.meta);
    assert.ok((blob.meta.round as number) >= round, `${key} is older than acknowledged`);
  }
  return held;
}

function ignoreGone(error: unknown): null {
  assert.equal((error as { code?: unknown }).code, 'STORE_FAILED');
  return null;
}

describe('disk store: kill -9', () => {
  it('loses nothing that was acknowledged and never returns a torn blob, time after time', async (t) => {
    const dir = await temporaryFolder(t);
    for (let seed = 0; seed < 3; seed += 1) {
      const { child, acknowledged, enough, ended } = startWriter(t, { dir, maxBytes: 1e9, seed });
      await enough;
      await kill(child, ended);
      const events = storeEvents();
      const store = await createFsStore({ dir, maxBytes: 1e9, emit: events.emit });
      assert.ok(acknowledged.size > 0);
      assert.equal(await checkAll(store, acknowledged, true), acknowledged.size);
      // Whatever else is listed must be whole too.
      for await (const key of store.list!('')) {
        const blob = await store.get(key);
        if (blob !== null) assertWhole(await blob.bytes(), blob.meta);
      }
      assert.deepEqual(events.seen, [], 'no file was damaged');
      assert.ok(store.usage!().bytes >= (await bytesOf(dir)), 'the books err upwards only');
      await store.close();
    }
  });

  it('keeps its bound over kills and restarts', async (t) => {
    const dir = await temporaryFolder(t);
    const maxBytes = 4_000_000;
    const largest = 900_100;
    for (let seed = 0; seed < 2; seed += 1) {
      const { child, acknowledged, enough, ended } = startWriter(t, { dir, maxBytes, seed });
      await enough;
      await kill(child, ended);
      assert.ok((await bytesOf(dir)) <= maxBytes + largest + 8192);
      const store = await createFsStore({ dir, maxBytes, emit: () => {} });
      await checkAll(store, acknowledged, false);
      for (let index = 0; index < 20; index += 1) {
        const body = Buffer.alloc(200_000, index);
        await store.put(`after-${index}`, body, { fill: index, size: body.byteLength });
      }
      assert.ok((await bytesOf(dir)) <= maxBytes + largest + 8192);
      assertWhole(await (await store.get('after-19'))!.bytes(), { fill: 19, size: 200_000 });
      await store.close();
    }
  });

  it('removes what a crash left behind once it is old, and nothing young', async (t) => {
    const dir = await temporaryFolder(t);
    const { child, acknowledged, enough, ended } = startWriter(t, { dir, maxBytes: 1e9, seed: 1 });
    await enough;
    await kill(child, ended);
    await mkdir(join(dir, 'blobs', '00', '00'), { recursive: true });
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

    const early = await createFsStore({ dir, maxBytes: 1e9, emit: () => {}, sweepAfterSeconds: 0 });
    const drafts = (await filesOf(dir, 'tmp')).length;
    await wait(200);
    await early.close();
    assert.equal((await filesOf(dir, 'tmp')).length, drafts, 'young leftovers stay');

    const later = await createFsStore({
      dir,
      maxBytes: 1e9,
      emit: () => {},
      sweepAfterSeconds: 0,
      now: () => Date.now() + 2 * 60 * 60_000,
    });
    await eventually('swept', async () => (await bytesOf(dir)) === later.usage!().bytes);
    assert.deepEqual(await filesOf(dir, 'tmp'), []);
    assert.equal(await checkAll(later, acknowledged, true), acknowledged.size);
    await later.close();
  });

  it('lets two processes work on one folder, one of them killed', async (t) => {
    const dir = await temporaryFolder(t);
    const maxBytes = 6_000_000;
    const [one, two] = [2, 3].map((seed) => startWriter(t, { dir, maxBytes, seed }));
    const store = await createFsStore({ dir, maxBytes, emit: () => {} });
    t.after(() => store.close());
    await Promise.all([one!.enough, two!.enough]);
    await kill(one!.child, one!.ended);
    let read = 0;
    for (let round = 0; round < 10; round += 1) {
      for await (const key of store.list!('')) {
        const blob = await store.get(key);
        // The other process replaces and evicts at any moment: a body may go before it is read, but is never a mix.
        const bytes = (await blob?.bytes().catch(ignoreGone)) ?? null;
        if (blob === null || bytes === null) continue;
        assertWhole(bytes, blob.meta);
        read += 1;
      }
    }
    assert.ok(read > 0);
    await kill(two!.child, two!.ended);
  });
});
