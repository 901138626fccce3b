import assert from 'node:assert/strict';
import { rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { loadDialects } from '../../../src/app/dialects.ts';
import { openShelves } from '../../../src/app/shelves.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { s3imageserverSettings } from '../../../src/dialects/s3imageserver/settings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

await loadDialects(['s3imageserver']);

const mount = (prefix: string, dir: string, seconds = 60) => ({
  prefix,
  dialect: 's3imageserver' as const,
  settings: s3imageserverSettings.parse({ bucket: 'b', cache: { dir, seconds } }),
});

test('mounts that share a folder keep their own minds about what is old', async (t) => {
  const dir = path.join(await temporaryFolder(t), 'cache');
  const shelves = await openShelves([mount('/a', dir, 60), mount('/b', dir, 0), mount('/c', '')], () => {});
  t.after(() => shelves.close());
  const [a, b, c] = shelves.ofMounts;
  await a!.put('a_w1_h1_ctrue_x.jpg.webp', new Uint8Array(1));
  assert.equal((await a!.get('a_w1_h1_ctrue_x.jpg.webp'))?.fresh, true);
  assert.equal((await b!.get('a_w1_h1_ctrue_x.jpg.webp'))?.fresh, false);
  assert.equal(c, null);
});

test('mounts of one prefix, at several hosts, need folders of their own', async (t) => {
  const dir = await temporaryFolder(t);
  await symlink(dir, `${dir}-link`);
  t.after(() => rm(`${dir}-link`));
  for (const again of [`${dir}/.`, `${dir}-link`]) {
    const twins = [mount('/a', `${dir}/x`), mount('/b', `${dir}/x`), mount('/a/', `${again}/x`)];
    await assert.rejects(
      openShelves(twins, () => {}),
      (thrown) => {
        assert.ok(thrown instanceof ConfigError);
        assert.equal(thrown.problems[0]!.where, 'mounts[2].settings.cache.dir');
        return true;
      },
      again,
    );
  }
});
