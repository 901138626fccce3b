/**
 * Bursts of uploads, SIGKILLs in the middle of them, and buckets that go away: what was acknowledged is there, and nothing else.
 * With `PICTOR_TEST_STORM=full` in the environment: 2,000 pictures, ten kills, buckets that are away for a minute.
 */
import assert from 'node:assert/strict';
import { env } from 'node:process';
import { type TestContext, test } from 'node:test';
import { radosgwMissing, startRadosgw } from '../support/radosgw.ts';
import { startS3rver } from '../support/s3rver.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type TrialOptions, uploadTrial } from '../support/upload-trial.ts';

const full = env['PICTOR_TEST_STORM'] === 'full';
const size = full ? { images: 2000, kills: 10 } : { images: 300, kills: 3 };
const seconds = full ? 60 : 5;

async function passes(t: TestContext, options: Omit<TrialOptions, 'folder'>): Promise<void> {
  const { problems, ...figures } = await uploadTrial({ ...options, folder: await temporaryFolder(t) });
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(problems.slice(0, 20), []);
  assert.equal(figures.acknowledged, options.images);
  if (options.outage !== undefined) assert.ok(figures.duringOutage > 0, 'uploads go on without the bucket');
}

test('on a folder, killed again and again', (t) => passes(t, { ...size, service: null }));

test('with a bucket behind it that is away for a while, killed again and again', async (t) => {
  const directory = await temporaryFolder(t);
  let service = await startS3rver(0, directory);
  t.after(() => service.close());
  const { port } = service;
  const outage = {
    seconds,
    stop: () => service.close(),
    start: async () => {
      service = await startS3rver(port, directory);
    },
  };
  await passes(t, { ...size, service, outage });
});

test('with Ceph behind it that is away for a while, and killed', { skip: radosgwMissing }, async (t) => {
  const service = await startRadosgw();
  t.after(() => service.close());
  const outage = { seconds, stop: () => service.kill(), start: () => service.restart() };
  await passes(t, { ...size, ...(full ? {} : { images: 150, kills: 1 }), service, outage });
});
