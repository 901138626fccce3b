import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { webhookSettings } from '../../../src/dialects/image-server/webhook-settings.ts';
import { webhookPlan } from '../../../src/dialects/image-server/webhooks.ts';
import { signatureHeaders } from '../../../src/hooks/signature.ts';
import type { KeepingEvent } from '../../../src/request/webhook.ts';
import { repositoryRoot } from '../../support/repository.ts';

interface Golden {
  readonly secret: string;
  readonly timestamp: number;
  readonly publicUrl: string;
  readonly messages: readonly {
    readonly name: string;
    readonly at: string;
    readonly event: KeepingEvent;
    readonly body: string;
    readonly signature: string;
  }[];
  readonly signatures: readonly {
    readonly secret: string;
    readonly timestamp: number;
    readonly body: string;
    readonly signature: string;
  }[];
}

const golden = JSON.parse(
  readFileSync(path.join(repositoryRoot, 'test/golden/webhooks/image-server.json'), 'utf8'),
) as Golden;

const planOf = (settings: object) =>
  webhookPlan(
    webhookSettings.parse({ url: 'https://hook.example/images', ...settings }),
    (key) => `${golden.publicUrl}/${key}`,
  );
const messageOf = (settings: object, event: KeepingEvent) => planOf(settings)?.message(event, 0) ?? null;

describe('what image-server tells', () => {
  for (const { name, at, event, body, signature } of golden.messages) {
    test(`${name}, byte by byte, and signed`, () => {
      const message = planOf({})!.message(event, Date.parse(at));
      assert.equal(message?.body, body);
      const headers = signatureHeaders(golden.secret, message.body, golden.timestamp * 1000 + 999);
      assert.deepEqual(headers, {
        'X-Webhook-Signature': signature,
        'X-Webhook-Timestamp': String(golden.timestamp),
      });
    });
  }

  for (const { secret, timestamp, body, signature } of golden.signatures) {
    test(`${signature.slice(0, 15)} with ${secret} at ${timestamp}`, () => {
      assert.equal(signatureHeaders(secret, body, timestamp * 1000)['X-Webhook-Signature'], signature);
    });
  }

  test('without a secret nothing is signed', () => {
    assert.deepEqual(signatureHeaders('', '{}', 0), {});
  });

  test('without an endpoint nobody is told', () => {
    assert.equal(planOf({ url: '' }), null);
  });

  test('only what was asked for is told', () => {
    const told = golden.messages.map(
      ({ event }) => messageOf({ events: ['uploaded', 'failed'] }, event)?.name,
    );
    assert.deepEqual(told, ['image.uploaded', undefined, 'image.processing_failed', undefined, undefined]);
  });

  test('nothing is told of what lay ready, of failed uploads and of what is no original', () => {
    const [upload, variant] = golden.messages.map(({ event }) => event) as [KeepingEvent, KeepingEvent];
    assert.ok(upload.type === 'upload' && variant.type === 'variant');
    const { stored, ...failed } = upload;
    assert.equal(messageOf({}, { ...variant, outcome: 'present' }), null);
    assert.equal(messageOf({}, { ...failed, error: 'IMAGE_BROKEN' as never }), null);
    assert.equal(messageOf({}, { ...upload, stored: { ...stored!, key: 'somewhere/else' } }), null);
    assert.equal(messageOf({}, { ...variant, original: 'somewhere/else' }), null);
  });

  test('signs that HTML knows are escaped, as its clients have seen it', () => {
    const event = {
      type: 'variants-ready',
      mount: 'm',
      bucket: '',
      original: 'products/6e0/072/682/e66287b662827da75b244a3/original',
      from: 'https://a.example/?a=1&b=<2>',
    } as const;
    assert.match(
      messageOf({}, event)!.body,
      /"source_url":"https:\/\/a\.example\/\?a=1\\u0026b=\\u003c2\\u003e"/,
    );
  });

  test('an endpoint is http or https, and an event is one of four', () => {
    assert.equal(webhookSettings.safeParse({ url: 'ftp://hook.example/' }).success, false);
    assert.equal(webhookSettings.safeParse({ events: ['deleted'] }).success, false);
  });
});
