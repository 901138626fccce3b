import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createFolderBuckets } from '../../../src/buckets/folder-bucket.ts';
import { createMirroredBuckets } from '../../../src/buckets/mirrored-bucket.ts';
import { createS3Buckets } from '../../../src/buckets/s3-bucket.ts';
import type { Bucket } from '../../../src/core/bucket.ts';
import { newBucket, placeOn } from '../../contract/buckets.ts';
import { eventually } from '../../support/eventually.ts';
import { ownFilesOf } from '../../support/mirror.ts';
import { type RunningS3rver, startS3rver } from '../../support/s3rver.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const writer = fileURLToPath(new URL('../../support/bucket-writer.ts', import.meta.url));

interface Acknowledged {
  readonly key: string;
  readonly round: number;
  readonly sum: string;
  readonly type: string;
}

const sumOf = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** Starts a process that puts for ever; `acknowledged` gets what it says, the last per key. */
function startWriter(
  context: TestContext,
  { args, acknowledged }: { args: readonly string[]; acknowledged: Map<string, Acknowledged> },
) {
  const child: ChildProcess = spawn(process.execPath, [writer, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout! });
  let count = 0;
  lines.on('line', (line) => {
    // The last line may be cut off by the kill.
    if (!line.endsWith('}')) return;
    const said = JSON.parse(line) as Acknowledged;
    acknowledged.set(said.key, said);
    count += 1;
  });
  const ended = Promise.all([
    new Promise<void>((resolve) => lines.once('close', resolve)),
    new Promise<void>((resolve) => child.once('exit', () => resolve())),
  ]);
  return {
    atLeast: (wanted: number) => eventually(`${wanted} acknowledged`, () => count >= wanted),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function bytesOf(bucket: Bucket, key: string): Promise<Buffer> {
  const found = await bucket.get(key);
  assert.notEqual(found, null, `${key} was acknowledged and is gone`);
  return Buffer.concat(await Array.fromAsync(found!.body));
}

/** Whole: all lines are the same one; and not older than what was acknowledged. */
async function check(bucket: Bucket, { key, round, sum }: Acknowledged): Promise<void> {
  const bytes = await bytesOf(bucket, key);
  if (sumOf(bytes) === sum) return;
  assert.ok(key.startsWith('same/'), `${key} is not what was acknowledged`);
  const [first = '', ...others] = bytes.toString().trimEnd().split('\n');
  assert.ok(bytes.toString().endsWith('\n'));
  assert.ok(
    others.every((line) => line === first),
    `${key} is of two puts`,
  );
  assert.ok(Number(first.split(' ')[2]) >= round, `${key} is older than acknowledged`);
}

describe('buckets: a process that is killed', () => {
  it('leaves objects of a folder that are old or new, never half, and none that was acknowledged is missing', async (context) => {
    const root = await temporaryFolder(context);
    for (let seed = 0; seed < 4; seed += 1) {
      const acknowledged = new Map<string, Acknowledged>();
      const child = startWriter(context, { args: [root, String(seed)], acknowledged });
      await child.atLeast(20 + seed * 11);
      await child.kill();
      const buckets = createFolderBuckets({ root, single: true, anyKey: false });
      const bucket = buckets.bucket('');
      for (const each of acknowledged.values()) await check(bucket, each);
      for await (const { key } of bucket.list('')) assert.match(key, /^(same\/\d|ns\/\d\/[\d-]+\/original)$/);
      await buckets.close();
      assert.deepEqual(await ownFilesOf(root), [], 'what was being written is removed by the next run');
    }
  });

  it('again and again, with S3 away in between: all that was acknowledged arrives as it was', async (context) => {
    const root = await temporaryFolder(context);
    const directory = await temporaryFolder(context);
    let service: RunningS3rver = await startS3rver(0, directory);
    context.after(() => service.die());
    const name = await newBucket(service);
    const place = placeOn(service, { bucket: name, maxAttempts: 1, timeoutSeconds: 20 });
    const acknowledged = new Map<string, Acknowledged>();
    for (let seed = 0; seed < 4; seed += 1) {
      const args = [root, String(seed), JSON.stringify(place)];
      const child = startWriter(context, { args, acknowledged });
      await child.atLeast(15);
      await service.die();
      await child.atLeast(30 + seed * 7);
      if (seed % 2 === 0) await child.kill();
      service = await startS3rver(service.port, directory);
      await child.kill();
    }
    const s3 = createS3Buckets(place);
    const remote = s3.bucket('');
    const buckets = createMirroredBuckets({
      root,
      remote: { reader: remote, writer: remote },
      concurrency: 8,
      maxAgeMinutes: 30,
      waitSeconds: 0,
      emit: () => {},
      now: Date.now,
    });
    await buckets.bucket('').head('same/0');
    await eventually('all arrive', () => buckets.stats().owed === 0);
    for (const each of acknowledged.values()) {
      await check(remote, each);
      await check(buckets.bucket(''), each);
      if (each.key.startsWith('ns/')) assert.equal((await remote.head(each.key))!.contentType, each.type);
    }
    await eventually('nothing is left of it', async () => (await ownFilesOf(root)).length === 0);
    await buckets.close();
    await s3.close();
  });
});
