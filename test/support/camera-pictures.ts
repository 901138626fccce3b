import sharp, { type Sharp } from 'sharp';
import type { Orientation } from '../../src/core/geometry.ts';
import { fixture } from './engine-jobs.ts';

/** Pictures as cameras write them: lying on a side, with names, places and a small copy of themselves in EXIF. */

/** Marks the thumbnail, so that it is found wherever it ends up. */
export const thumbnailMark = 'the uncropped original';

/** What has to be done to an upright picture so that a viewer that obeys the orientation shows it upright again. */
const stored: Readonly<Record<Orientation, (chain: Sharp) => Sharp>> = {
  1: (chain) => chain,
  2: (chain) => chain.flop(),
  3: (chain) => chain.rotate(180),
  4: (chain) => chain.flip(),
  5: (chain) => chain.flop().rotate(270),
  6: (chain) => chain.rotate(270),
  7: (chain) => chain.flop().rotate(90),
  8: (chain) => chain.rotate(90),
};

/** `photo.png` as a JPEG of that orientation. */
export async function cameraPicture(orientation: Orientation): Promise<Buffer> {
  const lying = await sharp(
    await stored[orientation](sharp(fixture('photo.png')))
      .png()
      .toBuffer(),
  )
    .jpeg({ quality: 95 })
    .toBuffer();
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), cameraExif(orientation, await thumbnail())]);
  const marker = Buffer.from([0xff, 0xe1, (exif.length + 2) >> 8, (exif.length + 2) & 0xff]);
  return Buffer.concat([lying.subarray(0, 2), marker, exif, lying.subarray(2)]);
}

/** A small JPEG with the mark as its comment. */
async function thumbnail(): Promise<Buffer> {
  const jpeg = await sharp(fixture('photo.png')).resize(30, 20).jpeg().toBuffer();
  const comment = Buffer.from(
    `\xff\xfe\0${String.fromCharCode(thumbnailMark.length + 2)}${thumbnailMark}`,
    'latin1',
  );
  return Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
}

type Value = number | string;

/** Little endian TIFF structure: IFD0 with a GPS directory, IFD1 with the thumbnail (Exif 3.0 section 4.5). */
function cameraExif(orientation: Orientation, thumb: Buffer): Buffer {
  const main = (gps: number, next: number) =>
    directory(8, next, [
      [0x010f, 'Secret Camera'],
      [0x0112, orientation],
      [0x013b, 'John Roe'],
      [0x8298, 'Jane Doe'],
      [0x8825, gps],
    ]);
  const gpsAt = 8 + main(0, 0).length;
  const gps = directory(gpsAt, 0, [[0x001d, '2031:01:02']]);
  const nextAt = gpsAt + gps.length;
  const next = (at: number) =>
    directory(nextAt, 0, [
      [0x0103, 6],
      [0x0201, at],
      [0x0202, thumb.length],
    ]);
  const thumbAt = nextAt + next(0).length;
  return Buffer.concat([
    Buffer.from('II*\0\x08\0\0\0', 'latin1'),
    main(gpsAt, nextAt),
    gps,
    next(thumbAt),
    thumb,
  ]);
}

/** Shorts for tags that EXIF has as such, longs for offsets and lengths, and texts. */
function directory(
  at: number,
  next: number,
  entries: readonly (readonly [tag: number, value: Value])[],
): Buffer {
  const head = Buffer.alloc(2 + entries.length * 12 + 4);
  const texts: Buffer[] = [];
  let free = at + head.length;
  head.writeUInt16LE(entries.length, 0);
  entries.forEach(([tag, value], index) => {
    const entry = 2 + index * 12;
    const text = typeof value === 'string' ? Buffer.from(`${value}\0`) : undefined;
    head.writeUInt16LE(tag, entry);
    head.writeUInt16LE(text === undefined ? (shortTags.has(tag) ? 3 : 4) : 2, entry + 2);
    head.writeUInt32LE(text?.length ?? 1, entry + 4);
    head.writeUInt32LE(text === undefined ? Number(value) : free, entry + 8);
    texts.push(text ?? Buffer.alloc(0));
    free += text?.length ?? 0;
  });
  head.writeUInt32LE(next, head.length - 4);
  return Buffer.concat([head, ...texts]);
}

const shortTags: ReadonlySet<number> = new Set([0x0103, 0x0112]);
