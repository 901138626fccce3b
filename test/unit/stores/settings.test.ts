import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cacheSettings } from '../../../src/stores/settings.ts';

describe('cache settings', () => {
  it('has defaults for everything, in bytes', () => {
    const { redis, s3, gcs, abs, ...own } = cacheSettings.parse({});
    const shared = [redis.url, s3.bucket, gcs.bucket, abs.container];
    assert.deepEqual(shared, ['', '', '', ''], 'nothing is shared unless told so');
    assert.deepEqual(own, {
      dir: '',
      layout: 'pictor',
      folder: 0,
      memory: 134_217_728,
      memorySeconds: 0,
      variants: 4_294_967_296,
      originals: 1_073_741_824,
      mezzanines: 1_073_741_824,
    });
  });

  it('reads sizes with units and refuses unknown names', () => {
    assert.equal(cacheSettings.parse({ memory: '1.5 GiB' }).memory, 1_610_612_736);
    assert.ok(!cacheSettings.safeParse({ memmory: 1 }).success);
    assert.ok(!cacheSettings.safeParse({ memory: 'lots' }).success);
  });

  it('takes a Redis by its URL, and a time to wait for it', () => {
    const redis = (changes: object) => cacheSettings.safeParse({ redis: changes }).success;
    assert.ok(redis({ url: 'rediss://user:password@cache.internal/1' }));
    assert.ok(!redis({ url: 'cache.internal' }));
    assert.ok(!redis({ timeoutSeconds: 0 }));
  });

  it('describes every field', () => {
    const { redis, s3, gcs, abs, ...own } = cacheSettings.shape;
    const sections = [redis, s3, gcs, abs].map(({ def }) => def.innerType.shape);
    for (const fields of [own, ...sections])
      for (const [name, field] of Object.entries(fields)) assert.ok(field.description, name);
  });
});
