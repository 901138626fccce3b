/** What every mount may have, whatever it speaks: bounds and a picture for errors of its own. */
import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { dialectNames, loadDialects } from '../../../src/app/dialects.ts';
import { type MountSettings, openMount } from '../../../src/app/mounts.ts';
import { settingsFor } from '../../../src/app/settings-for.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

await loadDialects();
const schema = settingsFor(dialectNames);

function problems(config: object): string[] {
  const { error } = schema.safeParse(config);
  return (error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

function mountWith(mount: object): MountSettings {
  return schema.parse({ mounts: [mount] }).mounts[0]!;
}

test('every dialect takes the same bounds', () => {
  for (const dialect of dialectNames) {
    const { limits } = mountWith({
      dialect,
      limits: { maxPixels: 1000, maxSourceBytes: '1MiB', maxFrames: 2 },
    });
    assert.deepEqual(limits, { maxPixels: 1000, maxSourceBytes: 1_048_576, maxFrames: 2 }, dialect);
  }
});

test('a bound above that of the server has to be meant', () => {
  const mounts = (limits: object) => ({
    limits: { maxPixels: 500, maxSide: 0 },
    mounts: [{ dialect: 'vip', limits }],
  });
  assert.match(
    problems(mounts({ maxPixels: 501 }))[0]!,
    /^mounts\.0\.limits\.maxPixels: .*limits\.maxPixels.*500.*mayExceed/,
  );
  assert.match(problems(mounts({ maxPixels: 0 }))[0]!, /^mounts\.0\.limits\.maxPixels: /);
  assert.deepEqual(problems(mounts({ maxPixels: 501, mayExceed: true })), []);
  assert.deepEqual(problems(mounts({ maxPixels: 500, maxSide: 99_999 })), []);
  assert.match(problems(mounts({ maxPixel: 1 }))[0]!, /maxPixel/);
});

test('requests of a mount carry its bounds, whatever it speaks', () => {
  const { parse } = openMount(mountWith({ dialect: 'imageproxy', limits: { maxSide: 300 } }));
  const { image } = parse({ raw: '/x', path: '/100x/https://a.test/b.jpg', query: '' }, {});
  assert.equal(image.limits?.maxSide, 300);
  const plain = openMount(mountWith({ dialect: 'imageproxy' }));
  const target = { raw: '/x', path: '/100x/https://a.test/b.jpg', query: '' };
  assert.equal(plain.parse(target, {}).image.limits, undefined);
});

test('a picture for errors is a file or a URL', () => {
  const mounts = (errorImage: object) => ({ mounts: [{ dialect: 'vip', errorImage }] });
  assert.match(problems(mounts({}))[0]!, /^mounts\.0\.errorImage: expected either path or url/);
  assert.match(problems(mounts({ path: 'a', url: 'https://a.test/b' }))[0]!, /either path or url/);
  assert.match(problems(mounts({ url: 'ftp://a.test' }))[0]!, /expected an http or https URL/);
  assert.notDeepEqual(problems(mounts({ path: 'a', status: 99 })), []);
  assert.deepEqual(problems(mounts({ path: 'a', status: 404 })), []);
  for (const status of [204, 205, 304])
    assert.match(problems(mounts({ path: 'a', status }))[0]!, /a status that a picture can be sent with/);
});

test('the picture for errors of a mount stands back behind one of its language', () => {
  const errorImage = { path: 'a.png', status: 503, maxAgeSeconds: 5 };
  const assets = { uris: {}, errorImage: 'asset:1', cacheControl: new Map() };
  const generic = openMount(
    mountWith({ dialect: 'vip', errorImage, limits: { maxPixels: 9, maxFrames: 1 } }),
    undefined,
    {
      assets,
    },
  );
  assert.deepEqual(generic.policy.fallback, {
    uri: 'asset:1',
    status: 503,
    covers: 'all',
    ttlSeconds: 5,
    rawToo: true,
    ofMount: true,
    limits: { maxFrames: 1 },
  });
  const own = openMount(
    mountWith({ dialect: 's3imageserver', errorImage, settings: { errorImage: 'own.png' } }),
    undefined,
    { assets: { ...assets, uris: { error: 'asset:2' } } },
  );
  assert.deepEqual([own.policy.fallback?.uri, own.policy.fallback?.status], ['asset:2', 404]);
  const kept = openMount(mountWith({ dialect: 'vip', errorImage: { path: 'a.png' } }), undefined, { assets });
  assert.equal(kept.policy.fallback?.noStore, true, 'nobody keeps an error unless told so');
});

test('caches of mounts have folders, buckets and prefixes of their own', () => {
  const mounts = (cache: object, ...others: object[]) => ({
    cache,
    mounts: others.map((own, index) => ({ dialect: 'vip', prefix: `/${index}`, ...own })),
  });
  const shared = {};
  const at = (dir: string) => ({ cache: { dir } });
  assert.deepEqual(
    problems(mounts({ dir: 'a' }, shared, at('b'), at('c'), { cache: {} }, { cache: {} })),
    [],
  );
  assert.match(
    problems(mounts({ dir: 'a' }, shared, at('./a/')))[0]!,
    /^mounts\.1\.cache\.dir: this folder is that of cache,/,
  );
  assert.match(problems(mounts({ dir: 'a' }, shared, at('a/b')))[0]!, /^mounts\.1\.cache\.dir: /);
  assert.match(problems(mounts({ dir: 'a' }, shared, at('x/y'), at('x')))[0]!, /that of mounts\[1\]\.cache,/);
  assert.deepEqual(problems(mounts({ dir: 'a' }, shared, at('ab'))), [], 'a name that only begins alike');
  assert.deepEqual(problems(mounts({ dir: 'a' }, at('a'))), [], 'nobody uses that of the server');

  const bucket = (prefix: string) => ({ cache: { s3: { bucket: 'b', prefix } } });
  assert.deepEqual(problems(mounts({}, bucket('one/'), bucket('two/'))), []);
  assert.match(
    problems(mounts({}, bucket('one/'), bucket('one/')))[0]!,
    /^mounts\.1\.cache\.s3\.prefix: mounts\[0\]\.cache has the same place and prefix: give each cache/,
  );
  assert.match(
    problems(mounts({ redis: { url: 'redis://r' } }, shared, { cache: { redis: { url: 'redis://r' } } }))[0]!,
    /^mounts\.1\.cache\.redis\.prefix: cache has/,
  );
});

test('caches that meet through a symbolic link are told from each other by where they really are', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, 'real'));
  await symlink(path.join(folder, 'real'), path.join(folder, 'link'));
  const mounts = (...dirs: string[]) => ({
    mounts: dirs.map((dir, index) => ({
      dialect: 'vip',
      prefix: `/${index}`,
      cache: { dir: path.join(folder, dir) },
    })),
  });
  assert.match(
    problems(mounts('real', 'link'))[0]!,
    /^mounts\.1\.cache\.dir: this folder is that of mounts\[0\]/,
  );
  assert.match(problems(mounts('link/none/yet', 'real/none/yet'))[0]!, /^mounts\.1\.cache\.dir: /);
  assert.match(problems(mounts('link/none/yet', 'real/none'))[0]!, /^mounts\.1\.cache\.dir: /);
  assert.deepEqual(problems(mounts('link/one', 'real/two', 'link/three')), []);
});

test('keys have the names of another server only where the cache lies as that of it', () => {
  const target = { raw: '/x', path: '/100x/https://a.test/b.jpg', query: '' };
  const mount = mountWith({ dialect: 'imageproxy' });
  assert.equal(openMount(mount).parse(target, {}).names, undefined);
  assert.notEqual(openMount(mount, undefined, { named: true }).parse(target, {}).names, undefined);
});
