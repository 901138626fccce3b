/** Pictor and S3 on a service that looks at signatures. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { allowing, drawing, liveOrigin, nativeTarget, requestLines, until } from '../support/live-pictor.ts';
import { radosgwMissing, startRadosgw } from '../support/radosgw.ts';
import { freshBucket, putObject } from '../support/s3-service.ts';
import { cachingIn, describeS3, imgproxyOn, smallOf } from './s3.ts';

if (radosgwMissing !== false) {
  test('s3 end to end: Ceph radosgw', { skip: radosgwMissing }, () => {});
} else {
  describeS3('Ceph radosgw', startRadosgw, (running) => {
    test('a wrong secret is told in the log, and to nobody else', async (t) => {
      const { service, admin } = running();
      const bucket = await freshBucket(admin);
      const picture = await drawing({ width: 120, height: 60, colour: 'teal' });
      await putObject(admin, { bucket, key: 'a.png' }, { Body: picture });
      const pictor = await imgproxyOn(t, { ...service, secretAccessKey: 'wrong' });
      const reply = await pictor.get(smallOf(`s3://${bucket}/a.png`));
      assert.ok(reply.status >= 400, String(reply.status));
      assert.doesNotMatch(reply.body.toString(), /signature|secret|testkey/i);
      // A gateway on a slow machine may answer later than a request may take: then it is asked again.
      await eventually('the log tells why', async () => {
        await pictor.get(smallOf(`s3://${bucket}/a.png`));
        return requestLines(pictor).some(({ detail }) => String(detail).includes('SignatureDoesNotMatch'));
      });
    });

    test('a cache with a wrong secret is left alone, and pictures are made all the same', async (t) => {
      const { service, admin } = running();
      const bucket = await freshBucket(admin);
      const origin = await liveOrigin(t);
      const body = await drawing({ width: 120, height: 60, colour: 'teal' });
      for (const name of ['a', 'b', 'c']) origin.route(`/${name}.png`, { body });
      const wrong = { ...service, secretAccessKey: 'wrong' };
      const pictor = await cachingIn(t, wrong, { bucket, env: allowing(origin) });
      for (const name of ['a', 'b', 'c'])
        assert.equal((await pictor.get(nativeTarget(`${origin.url}/${name}.png`))).status, 200);
      await until('the log tells why', () => pictor.output().includes('SignatureDoesNotMatch'));
    });
  });
}
