import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Bucket } from '../../../src/core/bucket.ts';
import { eventually } from '../../support/eventually.ts';
import { answerWith } from '../../support/memory-bucket.ts';
import { away, denied, jpeg, openMirror, ownFilesOf } from '../../support/mirror.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function read(bucket: Bucket, key: string): Promise<Buffer | null> {
  const found = await bucket.get(key);
  return found === null ? null : Buffer.concat(await Array.fromAsync(found.body));
}

describe('mirrored bucket: what only the remote has', () => {
  it('is fetched once for all who want it, kept, and given from here then', async (context) => {
    const { root, remote, bucket } = await openMirror(context);
    const bytes = randomBytes(300_000);
    remote.objects.set('ns/a/original', { bytes, contentType: 'image/jpeg' });
    const all = await Promise.all(Array.from({ length: 20 }, () => read(bucket, 'ns/a/original')));
    for (const each of all) assert.ok(each!.equals(bytes));
    assert.ok((await readFile(join(root, 'ns/a/original'))).equals(bytes));
    answerWith(remote, away);
    const found = await bucket.get('ns/a/original', { part: { first: 10, last: 19 } });
    assert.equal(found!.path, join(root, 'ns/a/original'));
    assert.ok(Buffer.concat(await Array.fromAsync(found!.body)).equals(bytes.subarray(10, 20)));
    assert.deepEqual(remote.asked, ['get ns/a/original']);
    assert.deepEqual(await ownFilesOf(root), []);
  });

  it('does not replace what was put here meanwhile', async (context) => {
    const { remote, bucket } = await openMirror(context);
    remote.objects.set('k', { bytes: Buffer.from('old'), contentType: '' });
    const gate = Promise.withResolvers<void>();
    remote.before = (question) => (question === 'get k' ? gate.promise : undefined);
    const reading = read(bucket, 'k');
    await eventually('it is asked for', () => remote.asked.includes('get k'));
    await bucket.put('k', Buffer.from('new'), jpeg);
    gate.resolve();
    assert.equal((await reading)!.toString(), 'new');
    assert.equal((await read(bucket, 'k'))!.toString(), 'new');
  });

  it('does not come back when it was deleted while it was fetched', async (context) => {
    const { root, remote, bucket } = await openMirror(context);
    remote.objects.set('k', { bytes: Buffer.from('old'), contentType: '' });
    const gate = Promise.withResolvers<void>();
    const get = remote.get;
    remote.get = async (key, options) => {
      const found = await get(key, options);
      await gate.promise;
      return found;
    };
    const reading = read(bucket, 'k');
    await eventually('it is asked for', () => remote.asked.includes('get k'));
    await bucket.delete('k');
    gate.resolve();
    assert.equal(await reading, null);
    assert.equal(await bucket.head('k'), null);
    assert.deepEqual(await readdir(root), ['.pictor']);
  });

  it('does not come back when it was asked for while it was being deleted', async (context) => {
    const { root, remote, bucket } = await openMirror(context);
    remote.objects.set('k', { bytes: Buffer.from('old'), contentType: '' });
    const deletion = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    remote.before = (question) => (question === 'delete k' ? deletion.promise : undefined);
    const get = remote.get;
    remote.get = async (key, options) => {
      const found = await get(key, options);
      await answer.promise;
      return found;
    };
    const deleting = bucket.delete('k');
    await eventually('the bucket is told', () => remote.asked.includes('delete k'));
    const reading = read(bucket, 'k');
    await eventually('it is asked for', () => remote.asked.includes('get k'));
    deletion.resolve();
    await deleting;
    answer.resolve();
    assert.equal(await reading, null);
    assert.equal(await bucket.head('k'), null);
    assert.deepEqual(await readdir(root), ['.pictor']);
  });

  it('cannot be had while that is away, which is told at once after some tries', async (context) => {
    const { remote, bucket, notices } = await openMirror(context);
    answerWith(remote, away);
    await bucket.put('here', Buffer.from('here'), jpeg);
    for (let tries = 0; tries < 20; tries += 1)
      await assert.rejects(bucket.get('there'), { code: 'STORAGE_UNREACHABLE' });
    await assert.rejects(bucket.head('there'), { code: 'STORAGE_UNREACHABLE' });
    assert.equal((await read(bucket, 'here'))!.toString(), 'here');
    assert.ok(remote.asked.filter((each) => each === 'get there').length < 20);
    assert.equal(notices.filter((each) => each.startsWith('the bucket cannot be reached')).length, 1);
    answerWith(remote, null);
    await eventually(
      'it is asked again',
      async () => (await bucket.get('there').catch(() => undefined)) === null,
    );
  });

  it('counts as missing where reading is refused, as S3 does without leave to list', async (context) => {
    const { remote, bucket, notices } = await openMirror(context);
    answerWith(remote, denied);
    assert.equal(await bucket.get('there'), null);
    assert.equal(await bucket.head('there'), null);
    assert.equal(notices.length, 1);
  });

  it('is handed on without being kept where this disk takes nothing', async (context) => {
    const root = await temporaryFolder(context);
    await mkdir(join(root, '.pictor'));
    await writeFile(join(root, '.pictor/incoming'), 'a file in the way');
    const { remote, bucket, notices } = await openMirror(context, { root });
    remote.objects.set('k', { bytes: Buffer.from('there'), contentType: '' });
    assert.equal((await read(bucket, 'k'))!.toString(), 'there');
    assert.equal((await read(bucket, 'k'))!.toString(), 'there');
    assert.equal(notices.length, 1);
  });

  it('fails when it breaks off, and leaves nothing behind', async (context) => {
    const { root, remote, bucket } = await openMirror(context);
    remote.objects.set('k', { bytes: Buffer.from('there'), contentType: '' });
    const get = remote.get;
    remote.get = async (key, options) => ({ ...(await get(key, options))!, size: 6 });
    await assert.rejects(bucket.get('k'), { code: 'STORAGE_FAILED' });
    assert.equal(await bucket.head('k').then((facts) => facts!.size), 5);
    assert.deepEqual(await ownFilesOf(root), []);
    assert.deepEqual(await readdir(root), ['.pictor']);
  });

  it('is listed with what is here, each once', async (context) => {
    const { remote, bucket, buckets } = await openMirror(context);
    await bucket.put('ns/a/original', Buffer.from('x'), jpeg);
    await eventually('it arrives', () => buckets.stats().owed === 0);
    remote.objects.set('ns/a/x100.jpg', { bytes: Buffer.from('y'), contentType: '' });
    answerWith(remote, null);
    const keys = (await Array.fromAsync(bucket.list('ns/'))).map(({ key }) => key);
    assert.deepEqual(keys.toSorted(), ['ns/a/original', 'ns/a/x100.jpg']);
  });

  it('is only read where nothing may be written', async (context) => {
    const { remote, bucket, buckets, root } = await openMirror(context);
    await buckets.close();
    const readOnly = await openMirror(context, { root, remote: { reader: remote, writer: null } });
    remote.objects.set('there', { bytes: Buffer.from('there'), contentType: '' });
    await readOnly.bucket.put('here', Buffer.from('here'), jpeg);
    assert.equal((await read(readOnly.bucket, 'there'))!.toString(), 'there');
    assert.equal(readOnly.buckets.stats().owed, 0);
    assert.deepEqual([...remote.objects.keys()], ['there']);
    const keys = (await Array.fromAsync(readOnly.bucket.list(''))).map(({ key }) => key);
    assert.deepEqual(keys.toSorted(), ['here', 'there']);
    await readOnly.bucket.delete('here');
    assert.equal(await readOnly.bucket.get('here'), null);
    await assert.rejects(readOnly.bucket.delete('there'), { code: 'STORAGE_REFUSED' });
    assert.equal(bucket.name, 'mirrored');
  });
});
