import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { verifyWebhook } from '../../../src/client/index.ts';

const secret = 'first';
const now = 1_765_294_200_000;
const body =
  '{"event":"image.batch_complete","timestamp":"2025-12-09T15:30:00Z","data":{"namespace":"a","hash":"b"}}';

function headersFor(text: string, options: { secret?: string; at?: number } = {}) {
  const timestamp = String(Math.floor((options.at ?? now) / 1000));
  const digest = createHmac('sha256', options.secret ?? secret)
    .update(`${timestamp}.${text}`)
    .digest('hex');
  return { 'x-webhook-signature': `sha256=${digest}`, 'x-webhook-timestamp': timestamp };
}

test('any of several secrets may have signed', async () => {
  const headers = headersFor(body, { secret: 'second' });
  assert.equal((await verifyWebhook({ body, headers, secret: ['first', 'second'], now })).valid, true);
  assert.equal((await verifyWebhook({ body, headers, secret: ['first', 'third'], now })).valid, false);
});

test('takes the Headers of a fetch handler, and bytes', async () => {
  const headers = new Headers(headersFor(body));
  const bytes = new TextEncoder().encode(body);
  assert.equal((await verifyWebhook({ body: bytes, headers, secret, now })).valid, true);
});

test('a delivery from too long ago, or from the future, is a repeat', async () => {
  for (const at of [now - 400_000, now + 400_000]) {
    const verdict = await verifyWebhook({ body, headers: headersFor(body, { at }), secret, now });
    assert.deepEqual(verdict, { valid: false, reason: 'timestamp-too-far' });
  }
  const headers = headersFor(body, { at: now - 400_000 });
  assert.equal((await verifyWebhook({ body, headers, secret, now, toleranceSeconds: 600 })).valid, true);
});

test('says what is wrong with headers and bodies', async () => {
  const good = headersFor(body);
  const reasonFor = async (headers: Record<string, string>, text = body) => {
    const verdict = await verifyWebhook({ body: text, headers, secret, now });
    return verdict.valid ? null : verdict.reason;
  };
  assert.equal(await reasonFor({}), 'signature-missing');
  assert.equal(await reasonFor({ ...good, 'x-webhook-timestamp': 'yesterday' }), 'timestamp-invalid');
  for (const signature of ['sha256=', 'sha256=00', good['x-webhook-signature'].toUpperCase(), 'md5=0']) {
    assert.equal(
      await reasonFor({ ...good, 'x-webhook-signature': signature }),
      'signature-wrong',
      signature,
    );
  }
  assert.equal(await reasonFor(headersFor('no JSON'), 'no JSON'), 'body-invalid');
  assert.equal(await reasonFor(headersFor('[1]'), '[1]'), 'body-invalid');
});

test('an empty secret is refused: everybody has it', async () => {
  await assert.rejects(verifyWebhook({ body, headers: headersFor(body), secret: '', now }), TypeError);
  await assert.rejects(verifyWebhook({ body, headers: headersFor(body), secret: [], now }), TypeError);
});
