import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { PictorError } from '../../../src/core/errors.ts';
import type { PictorEvent } from '../../../src/core/events.ts';
import type { Grant, MountPolicy } from '../../../src/request/dialect.ts';
import { createSigningSecrets } from '../../../src/service/signing-secrets.ts';
import { createStorageGuard, signingKey } from '../../../src/service/storage-guard.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const policy: MountPolicy = {
  signature: null,
  age: { ttlSeconds: 0, passthrough: false, obeyPrivate: false, expires: false },
  etag: false,
  lastModified: false,
  disposition: false,
  gzipLevel: 0,
  allowedSources: [],
};

const guardOf = (more: Partial<MountPolicy>, secrets: readonly string[] = []) =>
  createStorageGuard({
    policy: { ...policy, ...more },
    secrets: () => secrets.map(signingKey),
    verify: null,
  });

/** Null: it is good. */
async function verdict(guard: ReturnType<typeof guardOf>, grant: Grant): Promise<string | null> {
  try {
    await guard.check(grant);
    return null;
  } catch (thrown) {
    assert.ok(thrown instanceof PictorError, String(thrown));
    return thrown.code;
  }
}

test('tokens: the very one, and none where the mount has none', async () => {
  const guard = guardOf({ token: 'secret' });
  assert.equal(await verdict(guard, { type: 'token', given: 'secret' }), null);
  for (const given of ['', 'Secret', 'secret ', 'secre'])
    assert.equal(await verdict(guard, { type: 'token', given }), 'TOKEN_INVALID', given);
  assert.equal(await verdict(guardOf({}), { type: 'token', given: '' }), 'TOKEN_INVALID');
});

test('signed URLs: HMAC-SHA256 in URL-safe base64 without padding, by any of the secrets', async () => {
  const message = 'POST\n/photos\n1702156800';
  const byNew = 'PDKgaSXOpCa5PQ3Oii7Tuy-7bZIC-_f9ge6GrmmmdVA';
  const byOld = 'TgZvfByk7CRdD0dU-S_ScNDlidqDSaB0qoG0wAy5gUk';
  const guard = guardOf({}, ['new-secret', 'old-secret']);
  const check = (signature: string) => verdict(guard, { type: 'signed-url', message, signature });
  assert.equal(await check(byNew), null);
  assert.equal(await check(byOld), null);
  const standard = byNew.replaceAll('-', '+').replaceAll('_', '/');
  // The last sign carries four bits of the digest and two that are nobody's.
  const otherEnd = `${byNew.slice(0, -1)}B`;
  for (const wrong of ['', `${byNew}=`, standard, otherEnd, byNew.slice(1), byNew.toLowerCase()])
    assert.equal(await check(wrong), 'SIGNATURE_INVALID', wrong);
  const utf8 = guardOf({}, ['schlüssel']);
  assert.equal(
    await verdict(utf8, {
      type: 'signed-url',
      message: 'POST\n/products\n1702156800',
      signature: 'RanFGseykedQJGImKzZ39pNaShF0zzrVNwO0qG7lv7I',
    }),
    null,
  );
  assert.equal(
    await verdict(guardOf({}), { type: 'signed-url', message, signature: byNew }),
    'SIGNATURE_INVALID',
  );
});

test('a file of secrets is read again when it changes, and the old ones stay when it cannot be read', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'secrets');
  const events: PictorEvent[] = [];
  const signedUrls = { secrets: ['fixed'], secretsFile: file };
  const secrets = createSigningSecrets({
    policy: { signedUrls },
    emit: (event) => events.push(event),
    intervalMs: 10,
  });
  t.after(() => secrets.close());
  await assert.rejects(secrets.load(), { code: 'STORE_FAILED' });
  await writeFile(file, '# old ones\n\n  first  \r\nsecond');
  await secrets.load();
  const texts = () => secrets.keys().map((key) => key.export().toString());
  assert.deepEqual(texts(), ['fixed', 'first', 'second']);

  const next = path.join(folder, 'next');
  await writeFile(next, 'third\n');
  secrets.watch();
  await rename(next, file);
  while (texts().length !== 2) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(texts(), ['fixed', 'third']);

  await rename(file, next);
  while (!events.some((event) => event.type === 'notice' && event.level === 'warn'))
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(texts(), ['fixed', 'third']);
});

test('a file without a secret is none, where there is no other secret', async (t) => {
  const file = path.join(await temporaryFolder(t), 'secrets');
  await writeFile(file, '# nothing\n\n');
  const signedUrls = { secrets: [], secretsFile: file };
  const secrets = createSigningSecrets({ policy: { signedUrls }, emit: () => {} });
  await assert.rejects(secrets.load(), { code: 'STORE_FAILED' });
});
