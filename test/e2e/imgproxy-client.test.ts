/** URLs as imgproxy's own client library builds them, signed, and served by the real `pictor imgproxy`. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { generateUrl } from '@imgproxy/imgproxy-js-core';
import sharp from 'sharp';
import { drawFixture } from '../support/drawn-fixtures.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { type PictorProcess, type RawReply, startPictor } from '../support/pictor-process.ts';

type Options = NonNullable<Parameters<typeof generateUrl>[1]>;

const [key, salt] = ['2f9a'.repeat(16), 'c0de'.repeat(8)];
const local: Parameters<typeof generateUrl>[0] = { value: 'local:///photo.png', type: 'plain' };

/** What the library leaves to its users: the signature (imgproxy's documentation, signing a URL). */
const signed = (unsigned: string): string => {
  const mac = createHmac('sha256', Buffer.from(key, 'hex')).update(Buffer.from(salt, 'hex'));
  return `/${mac.update(unsigned).digest('base64url')}${unsigned}`;
};

/** Of a picture of 200x100. */
const pictures: readonly (readonly [shape: string, options: Options])[] = [
  [
    'webp 225x225',
    {
      width: 150,
      height: 150,
      format: 'webp',
      quality: 80,
      enlarge: 't',
      extend: { extend: 1, gravity: { type: 'nowe', y_offset: 5 } },
      blur: 5,
      zoom: 1.5,
    },
  ],
  ['png 100x80', { resize: { resizing_type: 'fill', width: 100, height: 80 } }],
  ['png 40x20', { size: { width: 40, height: 30, enlarge: true } }],
  ['png 100x100', { resizing_type: 'fill-down', w: 300, h: 300 }],
  ['png 80x50', { resizing_type: 'force', width: 80, height: 50 }],
  ['png 50x40', { crop: { width: 50, height: 40, gravity: { type: 'soea', x_offset: 3 } } }],
  ['png 100x50', { crop: { width: 0.5, height: 0.5 }, gravity: { type: 'no' } }],
  [
    'png 50x50',
    { resize: { resizing_type: 'fill', width: 50, height: 50 }, gravity: { type: 'fp', x: 0.2, y: 0.7 } },
  ],
  ['png 50x50', { resize: { resizing_type: 'fill', width: 50, height: 50 }, gravity: { type: 'sm' } }],
  [
    'png 220x150',
    { trim: { threshold: 0, color: 'ff0000', equal_ver: true }, padding: { top: 20, right: 10, bottom: 30 } },
  ],
  ['png 210x100', { padding: { left: 10 } }],
  ['png 100x200', { rotate: 90, flip: { horizontal: true } }],
  [
    'jpeg 200x100',
    { background: { r: 1, g: 2, b: 3 }, format: 'jpg', max_bytes: 5000, sharpen: 0.7, pixelate: 5 },
  ],
  ['gif 200x100', { background: 'f80', format: 'gif', auto_rotate: false }],
  ['png 200x100', { watermark: { opacity: 0.5, position: 'soea', x_offset: 10, y_offset: -10, scale: 0.2 } }],
  ['png 200x100', { watermark: { opacity: 1, position: 're', scale: 0 } }],
  [
    'webp 200x100',
    {
      strip_metadata: true,
      keep_copyright: false,
      strip_color_profile: true,
      enforce_thumbnail: true,
      format: 'webp',
    },
  ],
  ['png 50x25', { raw: false, cachebuster: 'abc', expires: 32503669200, width: 50, dpr: 1 }],
  ['png 60x30', { preset: ['half', 'sharp'] }],
  [
    'png 90x45',
    {
      max_src_resolution: 1,
      max_src_file_size: 100_000,
      max_animation_frames: 3,
      max_animation_frame_resolution: 1,
      max_result_dimension: 90,
    },
  ],
  ['png 100x25', { zoom: { zoom_x: 2, zoom_y: 1 }, width: 50, height: 50 }],
  [
    'png 200x200',
    { width: 300, height: 300, extend_aspect_ratio: { extend: true, gravity: { type: 'no' } } },
  ],
  ['avif 64x32', { width: 64, format: 'avif', preserve_hdr: true }],
];

describe('URLs of imgproxy-js-core', () => {
  let folder = '';
  let pictor: PictorProcess;
  let origin: Origin;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pictor-client-'));
    for (const name of ['photo.png', 'a b?@%é.png'])
      await drawFixture(folder, { name, width: 200, height: 100 });
    await writeFile(
      path.join(folder, 'mark.png'),
      await sharp(path.join(folder, 'photo.png')).resize(20).toBuffer(),
    );
    origin = await startOrigin();
    pictor = await startPictor({
      args: ['imgproxy'],
      bind: 'IMGPROXY_BIND',
      env: {
        IMGPROXY_KEY: key,
        IMGPROXY_SALT: salt,
        IMGPROXY_LOCAL_FILESYSTEM_ROOT: folder,
        IMGPROXY_ALLOW_LOOPBACK_SOURCE_ADDRESSES: 'true',
        IMGPROXY_ALLOW_SECURITY_OPTIONS: 'true',
        IMGPROXY_BASE64_URL_INCLUDES_FILENAME: 'true',
        IMGPROXY_SOURCE_URL_QUERY_SEPARATOR: '#',
        IMGPROXY_PRESETS: 'half=w:60,sharp=sh:0.5',
        IMGPROXY_WATERMARK_PATH: path.join(folder, 'mark.png'),
      },
    });
  });
  after(async () => {
    await pictor?.stop();
    await origin?.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [shape, options] of pictures) {
    const unsigned = generateUrl(local, options);
    test(unsigned, async () => assert.equal(await shapeOf(await pictor.get(signed(unsigned))), shape));
  }

  test('a signature of another URL', async () => {
    const [one, other] = [10, 11].map((width) => generateUrl(local, { width }));
    const { status } = await pictor.get(signed(one!).replace(one!, other!));
    assert.equal(status, 403);
  });

  test('plain sources, escaped by those who use the library', async () => {
    const value = `local:///${encodeURIComponent('a b?@%é.png')}`;
    const reply = await pictor.get(signed(generateUrl({ value, type: 'plain' }, { width: 20 })));
    assert.equal(await shapeOf(reply), 'png 20x10');
  });

  test('sources in base64, with a name for search engines', async () => {
    origin.route('/a.png', { body: await sharp(path.join(folder, 'photo.png')).toBuffer() });
    const value = Buffer.from(`${origin.url}/a.png?x=1&y=é`).toString('base64url');
    for (const source of [
      { value, type: 'base64' as const },
      { value, type: 'base64' as const, filename: 'puppy.jpg' },
    ]) {
      const reply = await pictor.get(signed(generateUrl(source, { width: 20, format: 'webp' })));
      assert.equal(await shapeOf(reply), 'webp 20x10');
    }
  });

  test('names and attachments', async () => {
    const options: Options = {
      filename: { name: Buffer.from('ä "b"').toString('base64url'), encoded: true },
      return_attachment: true,
    };
    const reply = await pictor.get(signed(generateUrl(local, options)));
    assert.match(reply.headers['content-disposition'] ?? '', /^attachment; .*%22b%22\.png/);
  });

  test('what is handed over, as it is', async () => {
    const reply = await pictor.get(signed(generateUrl(local, { raw: true })));
    assert.deepEqual(reply.body, await readFile(path.join(folder, 'photo.png')));
    assert.equal(await shapeOf(reply), 'png 200x100');
  });

  test('an option the library misspells, which no imgproxy takes either', async () => {
    const unsigned = generateUrl(local, { skip_processing: ['png'] });
    assert.equal(unsigned, '/sp:png/plain/local:///photo.png');
    const reply = await pictor.get(signed(unsigned));
    assert.deepEqual([reply.status, reply.body.toString()], [404, 'Invalid URL']);
  });

  test('options of the Pro edition', async () => {
    for (const options of [{ brightness: 10 }, { dpi: 72 }, { watermark_text: 'a' }] satisfies Options[]) {
      const reply = await pictor.get(signed(generateUrl(local, options)));
      assert.deepEqual([reply.status, reply.body.toString()], [404, 'Invalid URL']);
    }
  });
});

async function shapeOf({ status, headers, body }: RawReply): Promise<string> {
  assert.equal(status, 200, body.toString('latin1', 0, 200));
  const { format, width, height } = await sharp(body).metadata();
  const name = format === 'heif' ? 'avif' : format;
  assert.equal(headers['content-type'], `image/${name}`);
  return `${name} ${width}x${height}`;
}
