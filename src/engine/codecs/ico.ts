import sharp from 'sharp';
import { PictorError } from '../../core/errors.ts';
import { formats } from '../../formats/index.gen.ts';
import type { Codec, EncodedPng } from '../codec.ts';
import { broken } from '../job/failures.ts';
import { allBytes, type JobInput } from '../job/input.ts';
import type { RawPixels } from '../job/pixels.ts';
import type { Original } from '../job/probe.ts';
import { stillInfo } from '../still.ts';
import { decodeIconBitmap } from './ico/bitmap.ts';
import { type IcoEntry, largestEntry } from './ico/directory.ts';

/** Windows icons: a directory of pictures, each a PNG or a bitmap with a mask. */
export const ico = {
  name: 'ico',
  decoder: {
    async probe(input: JobInput): Promise<Original> {
      const { width, height, bits } = await entryOf(input);
      const facts = { width, height, hasAlpha: true, palette: bits <= 8, bytes: input.size };
      return { input, format: formats.ico, info: stillInfo({ format: 'ico', ...facts }) };
    },
    async decode({ input }) {
      const entry = await entryOf(input);
      return entry.kind === 'png' ? decodePng(entry) : decodeIconBitmap(entry.bytes);
    },
  },
  encoder: {
    takes: 'png',
    compressionLevel: 9,
    encode: async (png) => wrapPng(png),
  },
} as const satisfies Codec;

async function entryOf(input: JobInput): Promise<IcoEntry> {
  const entry = largestEntry(await allBytes(input));
  if (entry === null) throw new PictorError('IMAGE_BROKEN', { detail: 'ico: no picture' });
  return entry;
}

/** The profile of a PNG is applied by sharp. */
async function decodePng({ bytes, width, height }: IcoEntry): Promise<RawPixels> {
  const { data, info } = await sharp(bytes, { failOn: 'error', limitInputPixels: width * height })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(broken);
  return { data, width: info.width, height: info.height, channels: info.channels };
}

const icon = 1;
const headerBytes = 6;
const entryBytes = 16;

/** Reserved, type, count; then width, height (0: 256), colours, reserved, planes, bits, bytes, offset. */
function wrapPng({ bytes, width, height }: EncodedPng): Buffer {
  const head = Buffer.alloc(headerBytes + entryBytes);
  head.writeUInt16LE(icon, 2);
  head.writeUInt16LE(1, 4);
  head.writeUInt8(width % 256, 6);
  head.writeUInt8(height % 256, 7);
  head.writeUInt16LE(1, 10);
  head.writeUInt16LE(32, 12);
  head.writeUInt32LE(bytes.length, 14);
  head.writeUInt32LE(head.length, 18);
  return Buffer.concat([head, bytes]);
}
