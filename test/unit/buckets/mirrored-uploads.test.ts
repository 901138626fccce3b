import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { answerWith } from '../../support/memory-bucket.ts';
import { away, denied, jpeg, openMirror, ownFilesOf } from '../../support/mirror.ts';

const puts = (asked: readonly string[]) => asked.filter((each) => each.startsWith('put '));

describe('mirrored bucket: what is owed', () => {
  it('is sent as it is, with its type, and then owed no more', async (context) => {
    const { root, remote, bucket, buckets } = await openMirror(context);
    const bytes = randomBytes(50_000);
    await bucket.put('ns/a/original', bytes, jpeg);
    await eventually('it arrives', () => buckets.stats().owed === 0);
    assert.deepEqual(remote.objects.get('ns/a/original'), { bytes, contentType: 'image/jpeg' });
    await eventually('its note is gone', async () => (await ownFilesOf(root)).length === 0);
    assert.equal(buckets.stats().uploaded, 1);
  });

  it('is accepted while the bucket is away, told once, and sent when that is back', async (context) => {
    const { remote, bucket, buckets, notices } = await openMirror(context);
    answerWith(remote, away);
    const before = Date.now();
    for (let index = 0; index < 40; index += 1)
      await bucket.put(`ns/${index}/original`, Buffer.from(`${index}`), jpeg);
    await eventually('it is noticed', () => notices.length > 0);
    const { owed, oldest, failedTries, owedBytes } = buckets.stats();
    assert.equal(owed, 40);
    assert.equal(owedBytes, 70);
    assert.ok(oldest !== null && oldest >= before && oldest <= Date.now());
    assert.ok(failedTries > 0);
    assert.equal((await bucket.head('ns/7/original'))!.size, 1);
    answerWith(remote, null);
    await eventually('all arrive', () => buckets.stats().owed === 0);
    for (let index = 0; index < 40; index += 1)
      assert.equal(remote.objects.get(`ns/${index}/original`)!.bytes.toString(), `${index}`);
    assert.deepEqual(notices, [
      'the bucket cannot be reached; what is to go there waits on disk',
      'the bucket is back',
    ]);
    assert.deepEqual(buckets.stats().oldest, null);
  });

  it('goes in the order it came within a folder, also when the first fails, and some folders at a time', async (context) => {
    const { remote, bucket, buckets } = await openMirror(context);
    const names = ['info.json', 'original', 'x100.jpg', 'w200.webp'];
    let failures = 0;
    remote.before = async (question) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (question.endsWith('info.json') && failures < 5) {
        failures += 1;
        throw denied;
      }
    };
    await Promise.all(
      Array.from({ length: 20 }, async (_, image) => {
        for (const name of names) await bucket.put(`ns/${image}/${name}`, Buffer.from(name), jpeg);
      }),
    );
    await eventually('all arrive', () => buckets.stats().owed === 0);
    for (let image = 0; image < 20; image += 1) {
      const tries = puts(remote.asked).filter((each) => each.startsWith(`put ns/${image}/`));
      const last = names.map((name) => tries.lastIndexOf(`put ns/${image}/${name}`));
      assert.deepEqual(
        last,
        last.toSorted((a, b) => a - b),
        `image ${image}`,
      );
      assert.equal(tries.indexOf(`put ns/${image}/original`) > last[0]!, true);
    }
    assert.ok(remote.mostAtOnce() <= 4);
    assert.equal(remote.objects.size, 80);
  });

  it('does not keep others from going where one is refused', async (context) => {
    const { remote, bucket, buckets, notices } = await openMirror(context);
    remote.before = (question) => {
      if (question === 'put bad/original') throw denied;
    };
    await bucket.put('bad/original', Buffer.from('bad'), jpeg);
    await bucket.put('good/original', Buffer.from('good'), jpeg);
    await eventually('the good one arrives', () => remote.objects.has('good/original'));
    await eventually('the refusal is told', () => notices.length === 1);
    assert.deepEqual(notices, ['the bucket refuses an object; it stays on disk and is tried again']);
    assert.equal(buckets.stats().owed, 1);
    remote.before = () => {};
    await eventually('it is tried again', () => buckets.stats().owed === 0);
    assert.equal(remote.objects.get('bad/original')!.bytes.toString(), 'bad');
  });

  it('is the last of what was put under one key', async (context) => {
    const { remote, bucket, buckets } = await openMirror(context);
    answerWith(remote, away);
    for (let version = 0; version < 10; version += 1)
      await bucket.put('ns/a/file.txt', Buffer.from(`version ${version}`), jpeg);
    answerWith(remote, null);
    await eventually('it arrives', () => buckets.stats().owed === 0);
    assert.equal(remote.objects.get('ns/a/file.txt')!.bytes.toString(), 'version 9');
  });

  it('survives an end, and is sent by the next run, oldest first', async (context) => {
    const { root, remote, bucket, buckets, open, notices } = await openMirror(context);
    answerWith(remote, away);
    await bucket.put('ns/a/info.json', Buffer.from('{}'), { contentType: 'application/json' });
    await bucket.put('ns/a/original', Buffer.from('old'), jpeg);
    await bucket.put('ns/a/original', Buffer.from('new'), jpeg);
    await buckets.close();
    answerWith(remote, null);
    remote.asked.length = 0;
    const next = open();
    await eventually('it goes on', () => notices.includes('sending what an earlier run still owed'));
    await eventually('all arrive', () => next.stats().owed === 0);
    assert.deepEqual(puts(remote.asked), ['put ns/a/info.json', 'put ns/a/original']);
    assert.equal(remote.objects.get('ns/a/info.json')!.contentType, 'application/json');
    assert.equal(remote.objects.get('ns/a/original')!.bytes.toString(), 'new');
    await eventually('the notes are gone', async () => (await ownFilesOf(root)).length === 0);
  });

  it('counts from its note on: what was noted and not brought to its place is brought there by the next run', async (context) => {
    const { root, remote, bucket, buckets, open } = await openMirror(context);
    answerWith(remote, away);
    await bucket.put('ns/a/original', Buffer.from('whole'), jpeg);
    await buckets.close();
    // As after a kill between the note and the last rename.
    await rm(join(root, 'ns/a/original'));
    const next = open();
    const found = await next.bucket('').get('ns/a/original');
    assert.equal(Buffer.concat(await Array.fromAsync(found!.body)).toString(), 'whole');
    answerWith(remote, null);
    await eventually('it arrives', () => next.stats().owed === 0);
  });

  it('is not lost by a stranger who removes or overwrites the file', async (context) => {
    const { root, remote, bucket, buckets } = await openMirror(context);
    answerWith(remote, away);
    await bucket.put('ns/a/original', Buffer.from('accepted'), jpeg);
    await bucket.put('ns/b/original', Buffer.from('accepted too'), jpeg);
    await rm(join(root, 'ns/a/original'));
    await rm(join(root, 'ns/b/original'));
    await writeFile(join(root, 'ns/b/original'), 'something else');
    answerWith(remote, null);
    await eventually('they arrive', () => buckets.stats().owed === 0);
    assert.equal(remote.objects.get('ns/a/original')!.bytes.toString(), 'accepted');
    assert.equal(remote.objects.get('ns/b/original')!.bytes.toString(), 'accepted too');
  });

  it('is nothing after a put that failed', async (context) => {
    const { root, remote, bucket, buckets } = await openMirror(context);
    await bucket.put('ns/a', Buffer.from('a file'), jpeg);
    await eventually('it arrives', () => buckets.stats().owed === 0);
    await assert.rejects(bucket.put('ns/a/b', Buffer.from('below a file'), jpeg), {
      code: 'STORAGE_REFUSED',
    });
    assert.equal(buckets.stats().owed, 0);
    assert.deepEqual(await ownFilesOf(root), []);
    assert.deepEqual([...remote.objects.keys()], ['ns/a']);
  });

  it('is waited for where that is wanted', async (context) => {
    const { remote, bucket, buckets } = await openMirror(context, { waitSeconds: 60 });
    const gate = Promise.withResolvers<void>();
    remote.before = () => gate.promise;
    let settled = false;
    const putting = bucket.put('ns/a/original', Buffer.from('x'), jpeg).then(() => {
      settled = true;
    });
    await eventually('it is under way', () => remote.asked.length === 1);
    assert.equal(settled, false);
    gate.resolve();
    await putting;
    assert.equal(buckets.stats().owed, 0);
    // Away: the disk has to do.
    answerWith(remote, away);
    await bucket.put('ns/b/original', Buffer.from('y'), jpeg);
    // Refused: whoever put it is told, and it stays owed.
    answerWith(remote, denied);
    await eventually('the bucket is looked at again', async () => {
      const outcome = await bucket.put('ns/c/original', Buffer.from('z'), jpeg).catch((error) => error.code);
      return outcome === 'STORAGE_REFUSED';
    });
    assert.ok(buckets.stats().owed >= 2);
    answerWith(remote, null);
    await eventually('all arrive', () => buckets.stats().owed === 0);
  });

  it('waits until what goes first is done when an object is deleted', async (context) => {
    const { root, remote, bucket, buckets } = await openMirror(context);
    const gate = Promise.withResolvers<void>();
    remote.before = (question) => (question.startsWith('put') ? gate.promise : undefined);
    await bucket.put('ns/a/original', Buffer.from('x'), jpeg);
    await bucket.put('ns/a/x100.jpg', Buffer.from('y'), jpeg);
    await eventually('it is under way', () => remote.asked.length === 1);
    const deleting = bucket.delete('ns/a/original');
    gate.resolve();
    await deleting;
    await eventually('the rest arrives', () => buckets.stats().owed === 0);
    assert.deepEqual([...remote.objects.keys()], ['ns/a/x100.jpg']);
    assert.equal(await bucket.get('ns/a/original'), null);
    assert.deepEqual(await ownFilesOf(root), []);
    assert.deepEqual(await readdir(join(root, 'ns/a')), ['x100.jpg']);
  });

  it('stays where an object cannot be deleted', async (context) => {
    const { remote, bucket, buckets } = await openMirror(context);
    answerWith(remote, away);
    await bucket.put('ns/a/original', Buffer.from('x'), jpeg);
    await assert.rejects(bucket.delete('ns/a/original'), { code: 'STORAGE_UNREACHABLE' });
    assert.equal((await bucket.head('ns/a/original'))!.size, 1);
    answerWith(remote, null);
    await eventually('it arrives', () => buckets.stats().owed === 0);
    assert.equal(remote.objects.size, 1);
  });
});
