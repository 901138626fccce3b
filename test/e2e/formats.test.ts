/** Formats that sharp has no word for, through the real program, and as others see what it writes. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchChromium } from '../support/browser.ts';
import { requireComponent } from '../support/component.ts';
import { fixture } from '../support/engine-jobs.ts';
import { colourDistance, perceptualDistance } from '../support/perceptual.ts';
import { type PictorProcess, startPictor } from '../support/pictor-process.ts';

const heifEncoder = requireComponent('heif-enc');
const chromium = requireComponent('chromium');
const fixtures = path.dirname(fixture('photo.png'));

const imgproxy = (env: Readonly<Record<string, string>> = {}) =>
  startPictor({
    args: ['imgproxy'],
    bind: 'IMGPROXY_BIND',
    env: { IMGPROXY_LOCAL_FILESYSTEM_ROOT: fixtures, ...env },
  });

const plain = (name: string, options = '', format = '') =>
  `/unsafe/${options}plain/local:///${name}${format === '' ? '' : `@${format}`}`;

describe('formats over HTTP', () => {
  let pictor: PictorProcess;
  before(async () => {
    pictor = await imgproxy({
      ...(heifEncoder.skip === false ? { PICTOR_ENGINE_HEIF_ENCODER: heifEncoder.path } : {}),
      IMGPROXY_AUTO_JXL: 'true',
      IMGPROXY_TIMEOUT: '60',
    });
  });
  after(() => pictor?.stop());

  const get = async (target: string, headers = {}) => {
    const reply = await pictor.get(target, headers);
    assert.equal(reply.status, 200, `${target}: ${reply.body.toString('latin1', 0, 200)}`);
    return reply;
  };

  test('are written with their media types', async (t) => {
    const types: Readonly<Record<string, string>> = {
      jxl: 'image/jxl',
      ico: 'image/x-icon',
      bmp: 'image/bmp',
      heic: 'image/heif',
    };
    for (const [format, type] of Object.entries(types)) {
      const skip = format === 'heic' ? heifEncoder.skip : false;
      await t.test(format, { skip }, async () => {
        const reply = await get(plain('photo.jpg', 'rs:fit:64:64/', format));
        assert.equal(reply.headers['content-type'], type);
        assert.match(reply.headers['content-disposition'] ?? '', new RegExp(`"photo\\.${format}"`));
      });
    }
  });

  test('are read', async (t) => {
    for (const name of ['photo.jxl', 'box.jxl', 'photo.heic']) {
      await t.test(name, async () => {
        const { body } = await get(plain(name, 'rs:fit:64:64/', 'png'));
        assert.ok((await perceptualDistance(body, fixture('photo.png'))) < 4);
      });
    }
    await t.test('an icon without a named format becomes PNG, for its alpha', async () => {
      assert.equal((await get(plain('png.ico'))).headers['content-type'], 'image/png');
    });
  });

  test('PDF is not read where the language never had it', async () => {
    assert.equal((await pictor.get(plain('page.pdf', 'rs:fit:64:64/', 'png'))).status, 422);
    assert.equal((await pictor.get(plain('photo.jpg', 'rs:fit:64:64/', 'png'))).status, 200);
  });

  test('icons are shrunk to 256 pixels', async () => {
    const { body } = await get(plain('photo.jpg', '', 'ico'));
    assert.deepEqual([body.readUInt8(6), body.readUInt8(7)], [0, 171]);
  });

  test('JPEG XL is given to those who ask for it, and says so', async () => {
    const reply = await get(plain('photo.jpg'), { Accept: 'image/jxl,image/*' });
    assert.equal(reply.headers['content-type'], 'image/jxl');
    assert.equal(reply.headers['vary'], 'Accept');
    assert.equal(
      (await get(plain('photo.jpg'), { Accept: 'image/*' })).headers['content-type'],
      'image/jpeg',
    );
  });

  test('the versions tell what is there', async () => {
    const versions = (await (await fetch(`http://127.0.0.1:${pictor.adminPort}/version`)).json()) as Record<
      string,
      string
    >;
    assert.match(versions['@jsquash/jxl'] ?? '', /^\d+\.\d+\.\d+$/);
    assert.equal(
      versions['heic-encoder'],
      heifEncoder.skip === false ? heifEncoder.path : 'none: HEIC is not written',
    );
  });

  describe('a browser shows what we write', { skip: chromium.skip }, () => {
    for (const [name, format, alpha] of [
      ['photo.png', 'bmp', false],
      ['alpha.png', 'bmp', true],
      ['photo.png', 'ico', false],
      ['alpha.png', 'ico', true],
    ] as const) {
      test(`${name} as ${format}`, async () => {
        const { body } = await get(plain(name, '', format));
        const original = await get(plain(name, '', 'png'));
        const [shown, expected] = await inBrowser([
          { type: `image/${format === 'ico' ? 'x-icon' : format}`, body },
          { type: 'image/png', body: original.body },
        ]);
        assert.deepEqual([shown?.width, shown?.height], [120, 80]);
        for (const at of [0, 119, 120 * 40 + 60, 120 * 79, 120 * 80 - 1]) {
          const [one, other] = [shown!, expected!].map(({ data }) => data.slice(at * 4, at * 4 + 4));
          assert.ok(Math.abs(one![3]! - other![3]!) <= 2, `alpha at ${at}: ${one?.join()} ${other?.join()}`);
          if (other![3]! > 250)
            assert.ok(colourDistance(one!, other!) < 2, `at ${at}: ${one?.join()} ${other?.join()}`);
          else assert.ok(alpha);
        }
      });
    }
  });
});

interface Shown {
  readonly width: number;
  readonly height: number;
  readonly data: readonly number[];
}

/** Runs in the page; the types of the browser are not loaded here. */
const readPixels = `async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const drawing = canvas.getContext('2d');
  drawing.drawImage(image, 0, 0);
  return { width, height, data: [...drawing.getImageData(0, 0, width, height).data] };
}`;

/** Pixels as Chromium decodes them, RGBA. */
async function inBrowser(pictures: readonly { readonly type: string; readonly body: Buffer }[]) {
  const browser = await launchChromium(chromium.path);
  try {
    const page = await browser.newPage();
    const shown: Shown[] = [];
    for (const { type, body } of pictures) {
      const url = `data:${type};base64,${body.toString('base64')}`;
      shown.push(await page.evaluate<Shown>(`(${readPixels})(${JSON.stringify(url)})`));
    }
    return shown;
  } finally {
    await browser.close();
  }
}

test('without an encoder HEIC is refused as the dialect says', async (t) => {
  const pictor = await imgproxy();
  t.after(() => pictor.stop());
  const reply = await pictor.get(plain('photo.jpg', '', 'heic'));
  assert.deepEqual([reply.status, reply.body.toString()], [422, 'Invalid URL']);
});

test('a program that cannot be run ends the start, by the name of the setting', async () => {
  await assert.rejects(imgproxy({ PICTOR_ENGINE_HEIF_ENCODER: '/nowhere/heif-enc' }), (error) => {
    assert.match(String(error), /PICTOR_ENGINE_HEIF_ENCODER/);
    assert.match(String(error), /no program that can be run/);
    return true;
  });
});
