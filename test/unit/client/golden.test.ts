/** Signatures and webhooks as image-server has them, made and checked by the client. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { signUrl, verifyWebhook } from '../../../src/client/index.ts';

interface SignatureVector {
  readonly id: string;
  readonly secret: string;
  readonly method: string;
  readonly path: string;
  readonly expires: number;
  readonly signature: string;
}

interface WebhookVector {
  readonly id: string;
  readonly secret: string;
  readonly timestamp: string;
  readonly body: string;
  readonly signature: string;
}

const file = path.join(import.meta.dirname, '../../golden/client/image-server.json');
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly signatures: readonly SignatureVector[];
  readonly webhooks: readonly WebhookVector[];
};

describe('signed URLs', () => {
  for (const { id, signature, ...request } of vectors.signatures) {
    test(`${id}: ${request.method} ${request.path}`, async () => {
      const query = new URL(await signUrl({ ...request, base: 'http://a.example' })).searchParams;
      assert.equal(query.get('X-Signature'), signature);
      assert.equal(query.get('X-Path'), request.path);
      assert.equal(query.get('X-Expires'), String(request.expires));
    });
  }

  test('the whole URL of H1, and of H5 without an address', async () => {
    const secret = 'your-secret';
    const expires = 1_702_156_800;
    assert.equal(
      await signUrl({ secret, path: '/products', base: 'https://images.example.com', expires }),
      'https://images.example.com/products?X-Expires=1702156800&X-Path=%2Fproducts&X-Signature=7SgSrSJHL_5rerOFV2LrQ9VuNV0SO-jg8gTCAocsjgg',
    );
    const variant = '/products/6e0/072/682/e66287b662827da75b244a3/x200.jpg';
    assert.equal(
      await signUrl({ secret, method: 'GET', path: variant, expires }),
      `${variant}?X-Expires=1702156800&X-Path=%2Fproducts%2F6e0%2F072%2F682%2Fe66287b662827da75b244a3%2Fx200.jpg&X-Signature=5YN4sDM_Ii_OQupvV8VFDuREYtGrU-c4YQyVP3tX8lI`,
    );
  });

  test('the path of H8 is escaped where it is a path, and as a value where it is one', async () => {
    const request = vectors.signatures.find(({ id }) => id === 'H8')!;
    const url = await signUrl({ ...request, base: 'http://a.example/' });
    assert.match(url, /\/my%20file\.jpg\?X-Expires=1702156800&X-Path=.*%2Fmy\+file\.jpg&/);
  });
});

describe('webhooks', () => {
  for (const { id, secret, timestamp, body, signature } of vectors.webhooks) {
    const headers = { 'x-webhook-signature': signature, 'x-webhook-timestamp': timestamp };
    const now = Number(timestamp) * 1000;

    test(`${id} is believed`, async () => {
      const verdict = await verifyWebhook({ body, headers, secret, now });
      assert.deepEqual(verdict, { valid: true, event: JSON.parse(body) });
    });

    test(`${id} with another secret, body or time is not`, async () => {
      const others = [
        { body, headers, secret: 'not-this-one', now },
        { body: `${body} `, headers, secret, now },
        { body, headers: { ...headers, 'x-webhook-timestamp': String(Number(timestamp) + 1) }, secret, now },
      ];
      for (const other of others) {
        assert.deepEqual(await verifyWebhook(other), { valid: false, reason: 'signature-wrong' });
      }
    });
  }
});
