/** The landing page in a real browser, served by the real program: what a person sees in the first minute. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/browser.ts';
import { requireComponent } from '../support/component.ts';
import { post } from '../support/keeping-pictor.ts';
import { until } from '../support/live-pictor.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { type PictorProcess, startPictor } from '../support/pictor-process.ts';
import { repositoryRoot } from '../support/repository.ts';

const chromium = requireComponent('chromium');
/** What tests read of an `<img>`; the types of the browser are not loaded here. */
interface ImageElement {
  readonly naturalWidth: number;
  readonly naturalHeight: number;
  readonly hidden: boolean;
  decode(): Promise<void>;
}

const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 900 };

describe('landing page', { skip: chromium.skip }, () => {
  let pictor: PictorProcess;
  let origin: Origin;
  let browser: Browser;

  before(async () => {
    origin = await startOrigin();
    const body = readFileSync(path.join(repositoryRoot, 'samples/harbour.jpg'));
    origin.route('/night.jpg', { body, headers: { 'content-type': 'image/jpeg' } });
    origin.route('/missing.jpg', { status: 404, body: 'nothing' });
    pictor = await startPictor({ args: ['serve'], env: { PICTOR_SOURCES_HTTP_ALLOW_LOOPBACK: 'true' } });
    browser = await launchChromium(chromium.path);
  });

  after(async () => {
    await browser?.close();
    await pictor?.stop();
    await origin?.close();
  });

  /** Opens the page and waits for its first picture. What goes wrong in the browser is collected in `complaints`. */
  async function open(options: { viewport?: { width: number; height: number }; hash?: string } = {}) {
    const page = await browser.newPage({ viewport: options.viewport ?? desktop });
    page.setDefaultTimeout(60_000);
    const complaints: string[] = [];
    const own = `http://127.0.0.1:${pictor.port}/`;
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(own) && !request.url().startsWith('blob:'))
        complaints.push(`asked ${request.url()}`);
    });
    await page.goto(`${own}${options.hash ?? ''}`);
    await settled(page);
    return { page, complaints };
  }

  /** Waits until what was asked for last is on the stage, as a picture or as a problem. */
  const settled = (page: Page) => page.locator('#stage[aria-busy="false"]').waitFor();

  const fact = (page: Page, name: string) => page.locator(`#fact-${name}`).innerText();

  /** Width and height of the picture on the stage, in its own pixels; null while there is none. */
  const shownPicture = (page: Page) =>
    page
      .locator('#picture')
      .evaluate(({ naturalWidth, naturalHeight, hidden }: ImageElement) =>
        hidden ? null : [naturalWidth, naturalHeight],
      );

  test('shows a picture at once, with its numbers and its URL', async () => {
    const { page, complaints } = await open();
    assert.deepEqual(await shownPicture(page), [640, 420]);
    assert.equal(await fact(page, 'pixels'), '640 × 420');
    assert.match(await fact(page, 'bytes'), /^\d+(\.\d+)? k?B$/);
    assert.match(await fact(page, 'time'), /^\d+(\.\d)? ms$/);
    assert.equal(await fact(page, 'format'), 'webp');

    const url = await page.locator('#url').innerText();
    const reply = await pictor.get(new URL(url).pathname);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['content-type'], 'image/webp');
    assert.equal(
      await page.locator('#html').innerText(),
      `<img src="${url}" width="640" height="420" alt="">`,
    );
    assert.ok((await page.locator('#curl').innerText()).includes(`'${url}'`));
    assert.deepEqual(complaints, []);
  });

  test('offers samples: every thumbnail loads, and a click shows that one', async () => {
    const { page, complaints } = await open();
    const thumbnails = page.locator('button[data-source] img[src]');
    await thumbnails.last().waitFor();
    assert.equal(await thumbnails.count(), 6);
    for (const thumbnail of await thumbnails.all()) {
      await thumbnail.evaluate((image: ImageElement) => image.decode());
    }
    const marbles = page.getByRole('button', { name: 'Glass marbles' });
    await marbles.click();
    await page.locator('#url', { hasText: 'marbles.jpg' }).waitFor();
    await settled(page);
    assert.equal(await marbles.getAttribute('aria-pressed'), 'true');
    assert.deepEqual(await shownPicture(page), [640, 420]);
    assert.deepEqual(complaints, []);
  });

  test('the animated sample moves, as a thumbnail and on the stage', async () => {
    for (const options of ['rs:fill:192:144/q:75', 'rs:fill:640:420/g:sm/q:80']) {
      const reply = await pictor.get(`/imgproxy/unsafe/${options}/plain/local%3A%2F%2F%2Forbit.gif@webp`);
      assert.equal(reply.status, 200);
      // One ANMF chunk per frame.
      assert.ok(reply.body.toString('latin1').split('ANMF').length > 10, options);
    }
  });

  test('a second load shows both times', async () => {
    const { page } = await open();
    assert.equal(await page.locator('#first').isVisible(), false);
    await page.getByRole('button', { name: 'Load again' }).click();
    await page.locator('#first').waitFor();
    assert.match(await fact(page, 'first'), /^\d+(\.\d)? ms$/);
  });

  test('shows a picture from an address that is typed', async () => {
    const { page, complaints } = await open();
    await page.getByLabel('Address of a picture').fill(`${origin.url}/night.jpg`);
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.locator('#url', { hasText: 'night.jpg' }).waitFor();
    await settled(page);
    assert.deepEqual(await shownPicture(page), [640, 420]);
    assert.equal(origin.count('/night.jpg'), 1);
    assert.equal(await page.locator('button[data-source][aria-pressed="true"]').count(), 0);
    assert.deepEqual(complaints, []);
  });

  test('shows what the server says when it cannot, and recovers', async () => {
    const { page, complaints } = await open();
    await page.getByLabel('Address of a picture').fill(`${origin.url}/missing.jpg`);
    await page.getByLabel('Address of a picture').press('Enter');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    assert.match(await alert.innerText(), /^404 Not Found\n+\S.*\n+Open the address in a new tab/);
    assert.equal(await page.locator('#picture').isVisible(), false);
    await page.getByRole('button', { name: 'Dawn over mountains' }).click();
    await page.locator('#picture').waitFor();
    assert.equal(await alert.isVisible(), false);
    assert.deepEqual(complaints, []);
  });

  test('says so when there is no address to show', async () => {
    const { page, complaints } = await open();
    await page.getByLabel('Address of a picture').fill('x');
    await page.getByLabel('Address of a picture').fill('');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    assert.match(await alert.innerText(), /^No address\n+Type or paste the address/);
    assert.deepEqual(complaints, []);
  });

  test('the HTML names the size of the result, not of the box', async () => {
    const { page } = await open();
    await page.getByLabel('Into that box by').selectOption('fit');
    await page.getByLabel('Height').fill('0');
    await page.locator('#url', { hasText: '/rs:fit:640:0/' }).waitFor();
    await settled(page);
    const [width, height] = (await shownPicture(page)) ?? [];
    assert.notEqual(height, 0);
    const html = await page.locator('#html').innerText();
    assert.ok(html.includes(` width="${width}" height="${height}" `), html);
  });

  test('obeys the controls', async () => {
    const { page, complaints } = await open();
    await page.getByLabel('Into that box by').selectOption('fit');
    assert.equal(await page.getByRole('radio', { name: 'Centre' }).isDisabled(), true);
    await page.getByLabel('Width').fill('300');
    await page.getByLabel('Height').fill('0');
    await page.getByRole('radio', { name: 'PNG' }).check();
    await page.locator('#url', { hasText: /\/rs:fit:300:0\/q:80\/plain\/.*@png$/ }).waitFor();
    await settled(page);
    assert.equal((await shownPicture(page))?.[0], 300);
    assert.equal(await fact(page, 'format'), 'png');

    await page.getByLabel('Into that box by').selectOption('force');
    await page.getByLabel('Height').fill('50');
    await page.locator('#url', { hasText: /\/rs:force:300:50\// }).waitFor();
    await page.locator('#fact-pixels', { hasText: '300 × 50' }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test('can be used with the keyboard alone, and a reload shows the same', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'Harbour at night' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#url', { hasText: 'harbour.jpg' }).waitFor();
    await page.getByRole('radio', { name: 'WebP' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('#url', { hasText: '@avif' }).waitFor();
    await settled(page);
    const url = await page.locator('#url').innerText();
    await page.reload();
    await settled(page);
    assert.equal(await page.locator('#url').innerText(), url);
    assert.equal(
      await page.getByRole('button', { name: 'Harbour at night' }).getAttribute('aria-pressed'),
      'true',
    );
  });

  const languages = ['imgproxy', 'imageproxy', 'image-server', 'vip', 's3imageserver'];

  /** The part of the page that shows one language. */
  const cardOf = (page: Page, language: string) => page.locator(`article[data-language="${language}"]`);

  /** Waits until a language's example is shown, and gives what is said of it. */
  async function exampleOf(page: Page, language: string): Promise<string> {
    await page.locator(`article[data-language="${language}"][aria-busy="false"]`).waitFor();
    return cardOf(page, language).locator('.said').innerText();
  }

  test('shows a working example of each of the five languages, without a connection to anywhere', async () => {
    const { page, complaints } = await open();
    const said = new Map<string, string>();
    for (const language of languages) said.set(language, await exampleOf(page, language));
    assert.deepEqual(
      [...said].map(([language, text]) => [language, text.replace(/, [\d.]+ k?B$/, '')]),
      [
        ['imgproxy', '480 × 320, webp'],
        ['imageproxy', '480 × 320, jpeg'],
        ['image-server', '480 × 720, jpeg'],
        ['vip', '480 × 360, jpeg'],
        ['s3imageserver', '480 × 320, webp'],
      ],
    );
    for (const language of languages) {
      const picture = cardOf(page, language).locator('.view img');
      assert.equal(await picture.isVisible(), true, language);
    }
    assert.deepEqual(complaints, []);
  });

  test('every path it offers is answered with a picture', async () => {
    const { page } = await open();
    const paths = await page
      .locator('[data-path]')
      .evaluateAll((buttons: { getAttribute(name: string): string }[]) =>
        buttons.map((each) => each.getAttribute('data-path')),
      );
    assert.equal(paths.length, 15);
    for (const target of paths) {
      const reply = await pictor.get(target);
      assert.equal(reply.status, 200, target);
      assert.match(reply.headers['content-type'] ?? '', /^image\//, target);
    }
  });

  test('shows what other paths of a language give, and what is wrong with one', async () => {
    const { page, complaints } = await open();
    for (const language of languages) await exampleOf(page, language);
    const card = cardOf(page, 'vip');
    await card.getByRole('button', { name: 'square' }).click();
    await card.locator('.said', { hasText: '320 × 320, jpeg' }).waitFor();
    assert.equal(
      await card.getByLabel('Path and query').inputValue(),
      '/vip/samples/marbles.jpg?s=320&c=true',
    );

    await card.getByLabel('Path and query').fill('/vip/samples/nothing');
    await card.getByLabel('Path and query').press('Enter');
    await card.locator('.said.bad', { hasText: /^404 / }).waitFor();
    assert.equal(await card.locator('.view img').isVisible(), false);
    assert.deepEqual(complaints, []);
  });

  for (const [language, place, shape] of [
    ['vip', '/vip/uploads/', '480 × 320, jpeg'],
    ['image-server', '/image-server/uploads/', '480 × 320, jpeg'],
  ] as const) {
    test(`uploads a picture to ${language}, and shows it`, async () => {
      const { page, complaints } = await open();
      for (const each of languages) await exampleOf(page, each);
      const card = cardOf(page, language);
      await card.getByLabel('Upload a picture').setInputFiles(path.join(repositoryRoot, 'samples/dawn.jpg'));
      await until('the upload is shown', async () =>
        (await card.getByLabel('Path and query').inputValue()).startsWith(place),
      );
      assert.match(await exampleOf(page, language), new RegExp(`^${shape}`));
      assert.deepEqual(complaints, []);

      await card.getByLabel('Upload a picture').setInputFiles({
        name: 'not-a-picture.jpg',
        mimeType: 'image/jpeg',
        buffer: Buffer.from('nothing of the kind'),
      });
      await card.locator('.said.bad', { hasText: /^4\d\d / }).waitFor();
    });
  }

  test('pages of other sites cannot upload', async () => {
    const body = readFileSync(path.join(repositoryRoot, 'samples/dawn.jpg'));
    const headers = { 'content-type': 'image/jpeg', origin: 'https://evil.example' };
    for (const [target, status] of [
      ['/vip/upload/uploads', 401],
      ['/image-server/uploads', 404],
    ] as const) {
      assert.equal((await post(pictor.port, target, { body, headers })).status, status, target);
    }
  });

  test('fits a phone', async () => {
    const { page } = await open({ viewport: phone });
    const [content, window] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, innerWidth]',
    );
    assert.equal(content, window);
  });

  test('its files are served with a policy that lets nothing else in', async () => {
    for (const [target, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/playground/app.js', 'text/javascript; charset=utf-8'],
      ['/playground/image-url.js', 'text/javascript; charset=utf-8'],
      ['/playground/languages.js', 'text/javascript; charset=utf-8'],
      ['/playground/style.css', 'text/css; charset=utf-8'],
      ['/playground/logo.svg', 'image/svg+xml'],
    ] as const) {
      const reply = await pictor.get(target);
      assert.equal(reply.status, 200, target);
      assert.equal(reply.headers['content-type'], type);
      assert.match(reply.headers['content-security-policy'] ?? '', /^default-src 'none'/);
    }
    assert.equal((await pictor.get('/playground/../package.json')).status, 404);
    assert.equal((await pictor.get('/playground/tsconfig.json')).status, 404);
  });
});
