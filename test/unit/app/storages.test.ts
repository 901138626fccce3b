import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { loadDialects } from '../../../src/app/dialects.ts';
import type { MountSettings } from '../../../src/app/mounts.ts';
import { mountsSettingsFor } from '../../../src/app/mounts.ts';
import { openStorages } from '../../../src/app/storages.ts';
import type { Original } from '../../../src/core/ports.ts';
import { originalUriIn } from '../../../src/request/storage.ts';
import { jpeg } from '../../support/mirror.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

before(() => loadDialects(['vip', 'image-server', 'imgproxy']));

const mountsOf = (...mounts: object[]): MountSettings[] =>
  mountsSettingsFor(['vip', 'image-server', 'imgproxy']).parse(
    mounts.map((mount, index) => ({ prefix: `/${index}`, ...mount })),
  );

const vip = (folder: string) => ({ dialect: 'vip', settings: { store: 'folder', folder } });

describe('storages of mounts', () => {
  it('are none for a dialect that keeps nothing', async () => {
    const storages = await openStorages(mountsOf({ dialect: 'imgproxy' }), () => {});
    assert.deepEqual(storages.ofMounts, [null]);
    assert.equal(storages.source, null);
    assert.equal(storages.owed(), null);
    await storages.close();
  });

  it('are shared by mounts of the same place, and have the same name after a restart', async (context) => {
    const folder = await temporaryFolder(context);
    const mounts = mountsOf(vip(join(folder, 'a')), vip(join(folder, 'a')), vip(join(folder, 'b')));
    const [first, second] = [await openStorages(mounts, () => {}), await openStorages(mounts, () => {})];
    const [one, two, three] = first.ofMounts;
    assert.equal(one!.buckets, two!.buckets);
    assert.equal(one!.storage, two!.storage);
    assert.notEqual(one!.storage, three!.storage);
    assert.match(one!.storage, /^[0-9a-f]{24}$/);
    assert.deepEqual(
      second.ofMounts.map((each) => each!.storage),
      first.ofMounts.map((each) => each!.storage),
    );
    assert.equal(one!.isLocal, true);
    await first.close();
    await second.close();
  });

  it('are shared by mounts whose ways meet in one folder', async (context) => {
    const folder = await temporaryFolder(context);
    await symlink(folder, join(folder, 'link'));
    const storages = await openStorages(
      mountsOf(vip(join(folder, 'a')), vip(join(folder, 'link/a'))),
      () => {},
    );
    const [one, two] = storages.ofMounts;
    assert.equal(one!.buckets, two!.buckets);
    assert.equal(one!.storage, two!.storage);
    await storages.close();
  });

  it('give their originals by name, and none of another storage', async (context) => {
    const folder = await temporaryFolder(context);
    const mounts = mountsOf(vip(join(folder, 'a')), vip(join(folder, 'b')));
    const storages = await openStorages(mounts, () => {});
    const [a, b] = storages.ofMounts.map((each) => each!);
    await a!.buckets.bucket('images').put('id', Buffer.from('kept in a'), jpeg);
    const open = (storage: string) =>
      storages.source!.open(originalUriIn({ storage, bucket: 'images', key: 'id' }), {
        signal: new AbortController().signal,
        maxBytes: 1000,
      });
    const found = (await open(a!.storage)) as Original;
    assert.deepEqual(found.body, { path: join(folder, 'a/images/id') });
    assert.equal(found.freshForSeconds, 365 * 86_400);
    await assert.rejects(open(b!.storage), { code: 'SOURCE_NOT_FOUND' });
    await storages.close();
  });

  it('cannot be two that send what they owe from one folder', async (context) => {
    const folder = await temporaryFolder(context);
    await symlink(folder, join(folder, 'link'));
    const mirrored = (bucket: string, root = join(folder, 'a')) => ({
      dialect: 'image-server',
      settings: { storage: { root, remote: 's3', s3: { bucket } } },
    });
    const byLink = join(folder, 'link', 'a');
    for (const other of [mirrored('two'), mirrored('two', byLink)])
      await assert.rejects(
        openStorages(mountsOf(mirrored('one'), other), () => {}),
        {
          code: 'STORAGE_REFUSED',
        },
      );
    const same = await openStorages(
      mountsOf(mirrored('one'), mirrored('one'), mirrored('one', byLink)),
      () => {},
    );
    assert.equal(same.ofMounts[0]!.isLocal, false);
    assert.deepEqual(same.owed(), { owed: 0, owedBytes: 0, oldest: null, uploaded: 0, failedTries: 0 });
    await same.close();
  });
});
