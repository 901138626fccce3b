import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createFolderBuckets } from '../../../src/buckets/folder-bucket.ts';
import { type ErrorCode, PictorError } from '../../../src/core/errors.ts';
import type { Original } from '../../../src/core/ports.ts';
import { originalUriIn } from '../../../src/request/storage.ts';
import { createOriginalSource } from '../../../src/sources/original-source.ts';
import { answerWith, createMemoryBucket } from '../../support/memory-bucket.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const context = { signal: new AbortController().signal, maxBytes: 1000 };
const uri = (storage: string, key: string) => originalUriIn({ storage, bucket: 'images', key });

/** `disk`: a folder; `net`: a bucket elsewhere. */
async function open(test: TestContext) {
  const root = await temporaryFolder(test);
  const remote = createMemoryBucket();
  const source = createOriginalSource(
    new Map([
      [
        'disk',
        { buckets: createFolderBuckets({ root, single: true, anyKey: false }), freshForSeconds: 1000 },
      ],
      ['net', { buckets: { bucket: () => remote, close: async () => {} }, freshForSeconds: 60 }],
    ]),
  );
  return { root, remote, source };
}

describe('source of originals', () => {
  it('hands a file over by its path', async (test) => {
    const { root, source } = await open(test);
    await writeFile(join(root, 'a b.jpg'), 'bytes');
    const found = (await source.open(uri('disk', 'a b.jpg'), context)) as Original;
    assert.deepEqual(found.body, { path: join(root, 'a b.jpg') });
    assert.equal(found.size, 5);
    assert.equal(found.freshForSeconds, 1000);
    assert.match(found.validators.etag!, /^"[\w-]+"$/);
    const known = found.validators;
    assert.deepEqual(await source.open(uri('disk', 'a b.jpg'), { ...context, known }), {
      status: 'not-modified',
      freshForSeconds: 1000,
    });
    await writeFile(join(root, 'a b.jpg'), 'others');
    const changed = await source.open(uri('disk', 'a b.jpg'), { ...context, known });
    assert.equal(changed.status, 'found');
  });

  it('streams from elsewhere, and asks for nothing but the facts of what is held', async (test) => {
    const { remote, source } = await open(test);
    remote.objects.set('k', { bytes: Buffer.from('bytes'), contentType: 'image/png' });
    const found = (await source.open(uri('net', 'k'), context)) as Original;
    assert.ok('stream' in found.body);
    assert.equal(Buffer.concat(await Array.fromAsync(found.body.stream)).toString(), 'bytes');
    assert.equal(found.contentType, 'image/png');
    assert.equal(found.freshForSeconds, 60);
    remote.asked.length = 0;
    const again = await source.open(uri('net', 'k'), { ...context, known: found.validators });
    assert.equal(again.status, 'not-modified');
    assert.deepEqual(remote.asked, ['head k']);
  });

  it('refuses what is too large before it is read, and what ends early', async (test) => {
    const { root, remote, source } = await open(test);
    await writeFile(join(root, 'large'), Buffer.alloc(1001));
    remote.objects.set('large', { bytes: Buffer.alloc(1001), contentType: '' });
    for (const storage of ['disk', 'net'])
      await assert.rejects(source.open(uri(storage, 'large'), context), { code: 'SOURCE_TOO_LARGE' });
    remote.objects.set('k', { bytes: Buffer.from('bytes'), contentType: '' });
    const get = remote.get;
    remote.get = async (key, options) => ({ ...(await get(key, options))!, size: 6 });
    const found = (await source.open(uri('net', 'k'), context)) as Original;
    assert.ok('stream' in found.body);
    await assert.rejects(Array.fromAsync(found.body.stream), { code: 'SOURCE_TRUNCATED' });
  });

  it('knows no other storage, and no other kind of URI', async (test) => {
    const { source } = await open(test);
    for (const missing of [uri('disk', 'missing'), uri('net', 'missing'), uri('other', 'k')])
      await assert.rejects(source.open(missing, context), { code: 'SOURCE_NOT_FOUND' });
    for (const text of ['original:images/k', 'original://disk', 'http://x/'])
      await assert.rejects(source.open(text, context), { code: 'SOURCE_INVALID' });
  });

  const codes: readonly [ErrorCode, ErrorCode][] = [
    ['STORAGE_UNREACHABLE', 'SOURCE_UNREACHABLE'],
    ['STORAGE_TIMEOUT', 'SOURCE_TIMEOUT'],
    ['STORAGE_FAILED', 'SOURCE_FAILED'],
    ['STORAGE_REFUSED', 'SOURCE_REFUSED'],
  ];
  for (const [thrown, expected] of codes)
    it(`tells ${thrown} as ${expected}, with the status`, async (test) => {
      const { remote, source } = await open(test);
      answerWith(remote, new PictorError(thrown, { upstreamStatus: 403, detail: 'why' }));
      await assert.rejects(source.open(uri('net', 'k'), context), {
        code: expected,
        upstreamStatus: 403,
        detail: 'why',
      });
    });
});
