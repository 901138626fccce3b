import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBucketThenUrl } from '../../../src/buckets/mirrored/bucket-then-url.ts';
import { PictorError } from '../../../src/core/errors.ts';
import type { PictorEvent } from '../../../src/core/events.ts';
import { answerWith, createMemoryBucket } from '../../support/memory-bucket.ts';

const refusal = new PictorError('STORAGE_REFUSED', { upstreamStatus: 403 });
const away = new PictorError('STORAGE_UNREACHABLE');

function opened(when: 'refused' | 'missing') {
  const [bucket, url] = [createMemoryBucket(), createMemoryBucket()];
  const events: PictorEvent[] = [];
  const reader = createBucketThenUrl({ bucket, url, when, emit: (event) => events.push(event) });
  url.objects.set('k', { bytes: Buffer.from('by url'), contentType: 'text/plain' });
  const read = async () => {
    const found = await reader.get('k');
    return found === null ? null : Buffer.concat(await Array.fromAsync(found.body)).toString();
  };
  return { bucket, url, events, reader, read };
}

describe('a bucket that also has a public URL', () => {
  for (const when of ['refused', 'missing'] as const) {
    it(`is read by its credentials first (${when})`, async () => {
      const { bucket, url, read } = opened(when);
      bucket.objects.set('k', { bytes: Buffer.from('by key'), contentType: 'text/plain' });
      assert.equal(await read(), 'by key');
      assert.deepEqual(url.asked, []);
    });

    it(`is read by URL where credentials may only write (${when})`, async () => {
      const { bucket, url, read, reader } = opened(when);
      answerWith(bucket, refusal);
      assert.equal(await read(), 'by url');
      assert.equal((await reader.head('k'))?.size, 6);
      url.objects.clear();
      assert.equal(await read(), null);
      answerWith(url, away);
      await assert.rejects(read(), { code: 'STORAGE_UNREACHABLE' });
    });

    it(`is not taken for its URL while it is away (${when})`, async () => {
      const { bucket, url, read } = opened(when);
      answerWith(bucket, away);
      await assert.rejects(read(), { code: 'STORAGE_UNREACHABLE' });
      assert.deepEqual(url.asked, []);
    });
  }

  it('is believed that it lacks an object, where only its refusals count', async () => {
    const { url, read } = opened('refused');
    assert.equal(await read(), null);
    assert.deepEqual(url.asked, []);
  });

  it('may lack what the URL has', async () => assert.equal(await opened('missing').read(), 'by url'));

  it('counts alone while its URL is away, which is told once', async () => {
    const { url, events, read } = opened('missing');
    answerWith(url, away);
    assert.deepEqual([await read(), await read()], [null, null]);
    assert.equal(events.length, 1);
    answerWith(url, null);
    assert.equal(await read(), 'by url');
    answerWith(url, away);
    assert.equal(await read(), null);
    assert.equal(events.length, 2);
  });

  it('passes on that the client has left', async () => {
    const { url, read } = opened('missing');
    answerWith(url, new PictorError('CANCELLED'));
    await assert.rejects(read(), { code: 'CANCELLED' });
  });
});
