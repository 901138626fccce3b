/**
 * Takes the picture of the landing page that the README shows: `node scripts/screenshot.ts`. Run by hand when the page
 * has changed; needs Chromium.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { launchChromium } from '../test/support/browser.ts';
import { requireComponent } from '../test/support/component.ts';
import { startPictor } from '../test/support/pictor-process.ts';

const file = path.join(path.dirname(import.meta.dirname), 'docs/images/landing.jpg');
const chromium = requireComponent('chromium');
if (chromium.skip !== false) throw new Error(chromium.skip);

const pictor = await startPictor({ args: ['serve'] });
const browser = await launchChromium(chromium.path);
try {
  const page = await browser.newPage({
    viewport: { width: 1200, height: 790 },
    deviceScaleFactor: 1.5,
    colorScheme: 'light',
  });
  await page.goto(`http://127.0.0.1:${pictor.port}/`);
  await page.locator('#stage[aria-busy="false"]').waitFor();
  await page.waitForLoadState('networkidle');
  // The first of these still pays for what the browser compiles.
  for (let load = 0; load < 5; load += 1) {
    await page.getByRole('button', { name: 'Load again' }).click();
    await page.waitForTimeout(500);
  }
  await page.locator('#first').waitFor();
  // The port of this run would only puzzle readers: the default is shown instead.
  await page.evaluate(
    `for (const id of ['url', 'html', 'curl']) document.getElementById(id).textContent =
       document.getElementById(id).textContent.replaceAll(location.host, '127.0.0.1:8080')`,
  );
  await page.evaluate('document.activeElement?.blur()');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(
    file,
    await sharp(await page.screenshot())
      .jpeg({ quality: 82, mozjpeg: true })
      .toBuffer(),
  );
} finally {
  await browser.close();
  await pictor.stop();
}
