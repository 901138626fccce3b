import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createTemporaryFsStore } from '../../../src/stores/temporary.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const emit = () => {};
const options = (parent: string) => ({ parent, maxBytes: 10_000_000, emit });

/** The id of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ['--version']).pid;

describe('temporary disk store', () => {
  it('works in a folder of its own and removes it at the end', async (t) => {
    const parent = await temporaryFolder(t);
    const [one, two] = [
      await createTemporaryFsStore(options(parent)),
      await createTemporaryFsStore(options(parent)),
    ];
    await one.put('aaaa', Buffer.from('one'), {});
    assert.equal(await two.get('aaaa'), null);
    assert.equal((await readdir(parent)).length, 2);
    await one.close();
    await two.close();
    assert.deepEqual(await readdir(parent), []);
  });

  it('removes folders of dead processes, and only those', async (t) => {
    const parent = await temporaryFolder(t);
    const store = await createTemporaryFsStore(options(parent));
    const [own] = await readdir(parent);
    const [, host] = own!.split('-');
    const dead = `pictor-${host}-${deadPid()}-AbCd12`;
    const strangers = [
      `pictor-${host}-${process.pid}-AbCd12`,
      `pictor-00000000-${deadPid()}-AbCd12`,
      `pictor-${host}-${deadPid()}-AbCd12-mine`,
      `other-${host}-${deadPid()}-AbCd12`,
    ];
    for (const name of [dead, ...strangers]) {
      await mkdir(join(parent, name));
      await writeFile(join(parent, name, 'file'), 'x');
    }
    const target = join(parent, 'precious');
    await mkdir(target);
    await writeFile(join(target, 'file'), 'x');
    await symlink(target, join(parent, `pictor-${host}-${deadPid()}-LiNk12`));

    const next = await createTemporaryFsStore(options(parent));
    await next.close();
    await store.close();
    assert.ok(!existsSync(join(parent, dead)));
    for (const name of strangers) assert.ok(existsSync(join(parent, name, 'file')), name);
    assert.ok(existsSync(join(target, 'file')));
  });

  it('says STORE_FAILED when there is no place for it', async (t) => {
    const parent = join(await temporaryFolder(t), 'missing');
    await assert.rejects(createTemporaryFsStore(options(parent)), { code: 'STORE_FAILED' });
  });
});
