/** vip on buckets of a service that looks at signatures. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { drawing, livePictor } from '../support/live-pictor.ts';
import { type RunningRadosgw, radosgwMissing, startRadosgw } from '../support/radosgw.ts';
import { ask } from '../support/vip-vectors.ts';
import { describeVip, s3Ground, type VipGround, vipOn } from './vip.ts';

if (radosgwMissing !== false) {
  test('vip on Ceph radosgw', { skip: radosgwMissing }, () => {});
} else {
  describe('vip and Ceph radosgw', () => {
    let service: RunningRadosgw;
    before(async () => {
      service = await startRadosgw();
    });
    after(() => service.close());

    describeVip('Ceph radosgw', (): Promise<VipGround> => s3Ground(service));

    test('a wrong secret is told in the log, and to nobody else', async (t) => {
      const ground = await s3Ground(service);
      t.after(() => ground.close());
      const { bucket } = ground.store;
      const picture = await drawing({ width: 120, height: 60, colour: 'teal' });
      await ground.store.put('a', picture, 'image/png');
      const env = vipOn({ ...service, secretAccessKey: 'wrong' });
      const pictor = await livePictor(t, { args: ['vip'], env });
      for (const target of ['a', 'a?s=50']) {
        const { status, headers, body } = await pictor.get(`/${bucket}/${target}`);
        assert.deepEqual(
          [status, headers['cache-control'], body.toString()],
          [502, 'no-store', 'Storage failed'],
        );
      }
      const upload = await ask(pictor.port, {
        method: 'POST',
        path: `/upload/${bucket}`,
        headers: { 'Content-Type': 'image/png' },
        body: picture,
      });
      assert.deepEqual([upload.status, upload.body.toString()], [500, 'Storage failed\n']);
      assert.equal(await pictor.stop(), 0);
      assert.match(pictor.output(), /SignatureDoesNotMatch/);
    });
  });
}
