/** The client as a page uses it: bundled for browsers as anybody would, run in one, talking to a server over real sockets. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/browser.ts';
import { requireComponent } from '../support/component.ts';
import { type FakeImageServer, startFakeImageServer } from '../support/fake-image-server.ts';
import { repositoryRoot } from '../support/repository.ts';

const chromium = requireComponent('chromium');

/** The client's names become globals of the page. Anything of Node in it would end the build. */
async function bundleForBrowsers(): Promise<string> {
  const result = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: ['src/client/index.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'pictor',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  return result.outputFiles[0]!.text;
}

describe('the client in a browser', { skip: chromium.skip }, () => {
  let server: FakeImageServer;
  let browser: Browser;
  let page: Page;

  before(async () => {
    server = await startFakeImageServer();
    server.script = await bundleForBrowsers();
    server.page = '<!doctype html><title>client</title><script src="/client.js"></script>';
    browser = await launchChromium(chromium.path);
    page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(server.url);
    // Unlike tests, Web Crypto is strict about where it works: loopback counts as secure.
    assert.equal(await page.evaluate('isSecureContext'), true);
  });

  after(async () => {
    await browser?.close();
    await server?.close();
  });

  test('signs and verifies what golden vectors say', async () => {
    const golden = readFileSync(path.join(repositoryRoot, 'test/golden/client/image-server.json'), 'utf8');
    const seen = await page.evaluate<{ signatures: string[]; verdicts: boolean[] }>(`(async () => {
      const { signatures, webhooks } = ${golden};
      return {
        signatures: await Promise.all(
          signatures.map(async (one) => new URL(await pictor.signUrl(one), 'http://a').searchParams.get('X-Signature')),
        ),
        verdicts: await Promise.all(
          webhooks.map(async ({ body, secret, timestamp, signature }) => {
            const headers = new Headers({ 'X-Webhook-Signature': signature, 'X-Webhook-Timestamp': timestamp });
            return (await pictor.verifyWebhook({ body, secret, headers, now: timestamp * 1000 })).valid;
          }),
        ),
      };
    })()`);
    const { signatures, webhooks } = JSON.parse(golden) as {
      signatures: { signature: string }[];
      webhooks: unknown[];
    };
    assert.deepEqual(
      seen.signatures,
      signatures.map(({ signature }) => signature),
    );
    assert.deepEqual(
      seen.verdicts,
      webhooks.map(() => true),
    );
  });

  for (const source of [
    'new File([bytes], "a.png", { type: "image/png" })',
    'bytes',
    'new Blob([bytes]).stream()',
  ]) {
    test(`uploads ${source}`, async () => {
      const bytes = Buffer.from('bytes of a picture');
      const stored = await page.evaluate<object>(`(async () => {
        const bytes = new TextEncoder().encode(${JSON.stringify(bytes.toString())});
        const images = pictor.createImageServerClient({ url: location.origin, namespace: 'products' });
        return images.upload(${source}, { outputs: ['x300.webp'] });
      })()`);
      assert.partialDeepStrictEqual(stored, {
        hash: createHash('md5').update(bytes).digest('hex'),
        width: 800,
      });
      const { method, url, body } = server.seen.at(-1)!;
      assert.deepEqual([method, url], ['POST', '/products?outputs=x300.webp']);
      assert.deepEqual(body, bytes);
    });
  }

  test('tells refusals apart from answers', async () => {
    server.answerNext({ status: 401, body: '{"error":"SignatureExpired","message":"too late"}' });
    const refusal = await page.evaluate<object>(`(async () => {
      const images = pictor.createImageServerClient({ url: location.origin, namespace: 'products' });
      const failure = await images.upload(new Uint8Array([1])).catch((error) => error);
      return {
        known: failure instanceof pictor.ImageServerError,
        status: failure.status,
        code: failure.code,
        message: failure.message,
      };
    })()`);
    assert.deepEqual(refusal, {
      known: true,
      status: 401,
      code: 'SignatureExpired',
      message: 'the image server answered 401: too late',
    });
  });

  test('builds URLs of the other languages', async () => {
    const urls = await page.evaluate<string[]>(`Promise.all([
      pictor.imgproxyUrl({ source: 'https://a.example/b.png', options: { rs: ['fit', 300, 200] }, format: 'webp' }),
      pictor.imageproxyUrl({ source: 'https://a.example/b.png', options: { width: 300, quality: 60 } }),
    ])`);
    assert.deepEqual(urls, [
      '/unsafe/rs:fit:300:200/plain/https%3A%2F%2Fa.example%2Fb.png@webp',
      '/300x0,q60/https%3A%2F%2Fa.example%2Fb.png',
    ]);
  });
});
