/**
 * Makes the images of test/fixtures: `npx node scripts/fixtures.ts`. The results are committed, so that tests need
 * nothing but the files; run this again only to change them.
 *
 * HEIC is the exception: no encoder comes with pictor. `photo.heic`, `p3.heic` and `alpha.heic` were made from the PNG
 * files this script writes, with heif-enc of Debian's `libheif-examples` (1.15.1):
 * `heif-enc -q 50 photo.png -o photo.heic`, and so on. `thumbnail.heic` and `thumbnail.avif` (with `-A`) hold a thumbnail
 * (`-t 40`). `forged.heic` is `photo.heic` with a forged size,
 * `rotated.heic` has a rotation by 90 degrees counter-clockwise in place of a property that nobody needs.
 *
 * Nor does a JPEG XL encoder that can do more than pictor's own. These were made with cjxl of Debian's `libjxl-tools` (0.7.0):
 * `cjxl -e 3 photo.png photo.jxl`, `cjxl -e 3 --container=1 photo.png box.jxl`, `cjxl -d 0 alpha.png alpha.jxl`,
 * `cjxl -d 0 p3.png p3.jxl`, `cjxl -d 0 grey16.png grey16.jxl`, `cjxl -e 3 animated.gif animated.jxl`,
 * `cjxl -e 3 -j 0 orientation-6.jpg orientation-6.jxl`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { bitmap } from './fixtures/bitmap.ts';
import { bombs, withRotation, withSize } from './fixtures/bombs.ts';
import { cells, document, lockedTrailer } from './fixtures/document.ts';
import { icon, iconBitmap } from './fixtures/icon.ts';
import { animation, badge, chart, chartColours, landscape, type Picture } from './fixtures/pictures.ts';
import { matrixProfile, primaries, swappedInksProfile, withProfile } from './fixtures/profile.ts';

const folder = path.join(import.meta.dirname, '../test/fixtures');
await mkdir(folder, { recursive: true });

const save = async (name: string, bytes: Uint8Array | Sharp) =>
  writeFile(path.join(folder, name), bytes instanceof Uint8Array ? bytes : await bytes.toBuffer());
const load = (name: string) => readFile(path.join(folder, name));
const open = ({ data, width, height, channels }: Picture) =>
  sharp(data, { raw: { width, height, channels } });

const photo = open(landscape(480, 320));
const small = open(landscape(120, 80));

// Ordinary pictures
await save('photo.jpg', photo.clone().jpeg({ quality: 80 }));
await save('photo-progressive.jpg', photo.clone().jpeg({ quality: 80, progressive: true }));
await save('photo.png', small.clone().png());
await save('photo.webp', photo.clone().webp({ quality: 70 }));
await save('photo.avif', photo.clone().avif({ quality: 50, effort: 2 }));
await save('photo.tiff', small.clone().tiff({ compression: 'deflate' }));
await save('grey.jpg', photo.clone().toColourspace('b-w').jpeg({ quality: 80 }));
await save('grey.png', small.clone().toColourspace('b-w').png());
await save('palette.png', small.clone().png({ palette: true, colours: 32 }));
await save('alpha.png', open(badge(120, 80)).png());
await save('grey-alpha.png', open(badge(120, 80)).toColourspace('b-w').png());
await save('depth16.png', small.clone().toColourspace('rgb16').png());
await save('grey16.png', small.clone().toColourspace('grey16').png());

// Metadata
const exif = {
  IFD0: { Copyright: 'Jane Doe', Artist: 'John Roe', ImageDescription: 'secret place', Make: 'Pictor' },
};
await save('exif.jpg', small.clone().withExif(exif).withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>').jpeg());

// EXIF orientation 1..8: stored so that every one of them is upright when shown
const undo: readonly ((image: Sharp) => Sharp)[] = [
  (image) => image,
  (image) => image.flop(),
  (image) => image.rotate(180),
  (image) => image.flip(),
  (image) => image.flop().rotate(270),
  (image) => image.rotate(270),
  (image) => image.flop().rotate(90),
  (image) => image.rotate(90),
];
for (const [index, turn] of undo.entries()) {
  const stored = await turn(small.clone()).png().toBuffer();
  await save(
    `orientation-${index + 1}.jpg`,
    sharp(stored)
      .withMetadata({ orientation: index + 1 })
      .jpeg({ quality: 90 }),
  );
}

// Colour: the same six patches in several spaces
const patches = chart();
const adobe = path.join(folder, 'adobe-rgb.icc');
await save('adobe-rgb.icc', matrixProfile('Adobe RGB', primaries.adobe, 2.19921875));
await save('srgb.png', open(patches).png());
await save('p3.png', open(patches).withIccProfile('p3').png());
await save('p3-16bit.png', open(patches).toColourspace('rgb16').withIccProfile('p3').png());
await save(
  'adobe-rgb.jpg',
  open(patches).withIccProfile(adobe).jpeg({ quality: 98, chromaSubsampling: '4:4:4' }),
);
await save('cmyk.jpg', open(patches).toColourspace('cmyk').jpeg({ quality: 95, chromaSubsampling: '4:4:4' }));
await save('cmyk-profile.jpg', withProfile(await load('cmyk.jpg'), swappedInksProfile()));
await save('lab.tiff', open(patches).toColourspace('lab').tiff({ compression: 'deflate' }));

// Animations: frame n shows n + 1 bars; the border between frames is dark above and bright below
const delays = [100, 200, 300, 400];
const bars = animation(60, 40, delays.length);
const roll = sharp(bars.data, {
  raw: { width: 60, height: 40 * delays.length, channels: 3, pageHeight: 40 },
});
await save('animated.gif', roll.clone().gif({ delay: delays, loop: 3 }));
await save('animated.webp', roll.clone().webp({ delay: delays, loop: 3, lossless: true }));
const clear = sharp(bars.data, {
  raw: { width: 60, height: 40 * delays.length, channels: 3, pageHeight: 40 },
}).unflatten();
await save('animated-alpha.gif', clear.clone().gif({ delay: delays, loop: 0 }));
await save('animated-alpha.webp', clear.clone().webp({ delay: delays, loop: 0, lossless: true }));
await save('pages.tiff', roll.clone().tiff({ compression: 'deflate' }));

// Bitmaps
const tiny = landscape(23, 17);
for (const kind of [
  '24',
  '32',
  '32-alpha',
  '16',
  '565',
  '8',
  '4',
  '1',
  'rle8',
  'rle4',
  'core',
  'top-down',
] as const) {
  await save(`${kind}.bmp`, bitmap(tiny, kind));
}
await save('bitmap.png', open(tiny).png());

// Icons: the same picture in each kind, small ones beside a large one, and a PNG
const iconKinds = ['1', '4', '8', '24', '32', '32-alpha'] as const;
for (const kind of iconKinds) await save(`${kind}.ico`, icon([iconBitmap(tiny, kind)]));
const sizes = [16, 48, 32].map((side) => iconBitmap(landscape(side, side), '24'));
await save('sizes.ico', icon([...sizes, await open(badge(40, 40)).png().toBuffer()]));
await save('png.ico', icon([await load('alpha.png')]));

// Documents: the six colours on white paper; a second page that is not shown
const content = cells(chartColours, { columns: 3, side: 40 });
const page = [120.4, 79.6] as const;
await save('page.pdf', document({ pages: [page, [200, 200]], content }));
await save('rotated.pdf', document({ pages: [page], content, rotation: 90 }));
await save('locked.pdf', document({ pages: [page], content, trailer: lockedTrailer }));
await save('bomb.pdf', document({ pages: [[1_000_000, 1_000_000]], content }));

// Broken
const jpeg = await load('photo.jpg');
await save('truncated.jpg', jpeg.subarray(0, Math.round(jpeg.length * 0.6)));
const png = await load('photo.png');
await save('truncated.png', png.subarray(0, Math.round(png.length * 0.6)));
const corrupt = Buffer.from(png);
corrupt.fill(0x55, Math.round(png.length * 0.5), Math.round(png.length * 0.5) + 64);
await save('corrupt.png', corrupt);
const webp = await load('photo.webp');
await save('truncated.webp', webp.subarray(0, Math.round(webp.length * 0.6)));
const gif = await load('animated.gif');
await save('truncated.gif', gif.subarray(0, Math.round(gif.length * 0.6)));
const avif = await load('photo.avif');
await save('truncated.avif', avif.subarray(0, Math.round(avif.length * 0.6)));

// Bombs: a few bytes that promise billions of pixels
for (const [name, bytes] of Object.entries(bombs(avif))) await save(name, bytes);
const heic = await load('photo.heic').catch(() => null);
if (heic !== null) {
  await save('forged.heic', withSize(heic, 60000));
  await save('rotated.heic', withRotation(heic));
}
