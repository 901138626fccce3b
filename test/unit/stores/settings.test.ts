import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cacheSettings } from '../../../src/stores/settings.ts';

describe('cache settings', () => {
  it('has defaults for everything, in bytes', () => {
    assert.deepEqual(cacheSettings.parse({}), {
      dir: '',
      memory: 134_217_728,
      variants: 4_294_967_296,
      originals: 1_073_741_824,
    });
  });

  it('reads sizes with units and refuses unknown names', () => {
    assert.equal(cacheSettings.parse({ memory: '1.5 GiB' }).memory, 1_610_612_736);
    assert.ok(!cacheSettings.safeParse({ memmory: 1 }).success);
    assert.ok(!cacheSettings.safeParse({ memory: 'lots' }).success);
  });

  it('describes every field', () => {
    for (const [name, field] of Object.entries(cacheSettings.shape)) assert.ok(field.description, name);
  });
});
