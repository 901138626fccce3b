/** `pictor s3imageserver` and S3 on a service that looks at signatures, with buckets of several owners. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { drawing } from '../support/live-pictor.ts';
import { type RunningRadosgw, radosgwMissing, startRadosgw } from '../support/radosgw.ts';
import { adminOf, freshBucket, putObject } from '../support/s3-service.ts';
import { awsOf, describeS3imageserver, s3imageserverWith } from './s3imageserver.ts';

if (radosgwMissing !== false) {
  test('s3imageserver end to end: Ceph radosgw', { skip: radosgwMissing }, () => {});
} else {
  describeS3imageserver('Ceph radosgw', startRadosgw, (running) => {
    test('handlers with keys of their own get what these may have, and nothing of each other', async (t) => {
      const service = running().service as RunningRadosgw;
      const owners = [];
      for (const [name, colour] of [
        ['ann', 'red'],
        ['bob', 'blue'],
      ] as const) {
        const user = await service.addUser(name);
        const admin = adminOf({ ...user, close: async () => {} });
        const bucket = await freshBucket(admin);
        const body = await drawing({ width: 40, height: 20, colour });
        for (const key of ['a.png', 'b.png', 'c.png'])
          await putObject(admin, { bucket, key }, { Body: body });
        admin.destroy();
        owners.push({ name, colour, user, bucket });
      }
      const [ann, bob] = owners as [(typeof owners)[number], (typeof owners)[number]];
      const plain = { file_path: '' };
      const { pictor } = await s3imageserverWith(t, {
        handlers: [
          { prefix: 'ann', aws: awsOf(ann.user, ann.bucket, plain) },
          { prefix: 'bob', aws: awsOf(bob.user, bob.bucket, plain) },
          // The bucket of the one with the key of the other: what is at hand of it is for its owner.
          { prefix: 'thief', aws: awsOf(bob.user, ann.bucket, plain) },
          { prefix: 'forger', aws: awsOf({ ...ann.user, secretAccessKey: 'wrong' }, ann.bucket, plain) },
        ],
      });
      const asked = ['a', 'b', 'c'].flatMap((file) =>
        [8, 12, 8].flatMap((width) =>
          ['ann', 'bob', 'thief', 'forger', 'ann'].map((prefix) => ({
            prefix,
            target: `/${prefix}/${file}.png?w=${width}&f=png`,
          })),
        ),
      );
      await Promise.all(
        asked.map(async ({ prefix, target }) => {
          const { status, body } = await pictor.get(target);
          if (prefix !== 'ann' && prefix !== 'bob') {
            assert.equal(status, 404, target);
            assert.equal(body.length, 0, target);
            return;
          }
          assert.equal(status, 200, target);
          const { dominant } = await sharp(body).stats();
          assert.equal(dominant.r > dominant.b ? 'ann' : 'bob', prefix, target);
        }),
      );
      assert.doesNotMatch(pictor.output(), /secret-ann|secret-bob/);
    });
  });
}
