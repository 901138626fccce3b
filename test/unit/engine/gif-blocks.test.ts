import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { checkGifIsWhole } from '../../../src/engine/job/gif-blocks.ts';
import { setUpSharp } from '../../../src/engine/job/sharp-process.ts';
import { transform } from '../../../src/engine/job/transform.ts';
import { jobOf } from '../../support/engine-jobs.ts';

setUpSharp();

const fixture = (name: string) => readFile(new URL(`../../fixtures/${name}`, import.meta.url));

const isWhole = (bytes: Uint8Array): boolean => {
  try {
    checkGifIsWhole(bytes);
    return true;
  } catch {
    return false;
  }
};

for (const name of ['animated.gif', 'animated-alpha.gif'])
  test(`${name} counts as whole at its end and between its blocks, wherever else it is cut`, async () => {
    const bytes = await fixture(name);
    const ends = Array.from({ length: bytes.length + 1 }, (_, length) => length).filter((length) =>
      isWhole(bytes.subarray(0, length)),
    );
    // Behind the colours, the extensions, the pictures; and the trailer, which may be missing.
    assert.ok(ends.length >= 4 && ends.length < 40, ends.join());
    assert.deepEqual(ends.slice(-2), [bytes.length - 1, bytes.length]);
    assert.ok(ends.every((end) => end === bytes.length || [0x21, 0x2c, 0x3b].includes(bytes[end]!)));
  });

test('what follows the trailer, or belongs to no block, is not looked at', async () => {
  const bytes = await fixture('animated.gif');
  assert.ok(isWhole(Buffer.concat([bytes, Buffer.from([0x21, 0xff, 11])])));
  assert.ok(isWhole(Buffer.concat([bytes.subarray(0, -1), Buffer.from([0])])));
});

test('a GIF that is cut off in its second picture is refused, of which libvips says nothing', async () => {
  const bytes = await fixture('animated.gif');
  const job = jobOf({ of: 'animated.gif', format: 'webp' });
  const cut = { bytes: bytes.subarray(0, Math.floor(bytes.length * 0.7)) };
  assert.equal((await transform(job)).frames, 4);
  await assert.rejects(transform({ ...job, inputs: { [job.request.source]: cut } }), {
    code: 'IMAGE_BROKEN',
  });
});
