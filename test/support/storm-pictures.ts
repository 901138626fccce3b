/** Pictures for bursts of uploads, and what image-server keeps of them. */
import { createHash } from 'node:crypto';
import sharp from 'sharp';

/** A picture that is to be uploaded. */
export interface StormPicture {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  /** `ns/aaa/bbb/ccc/<23>`: folder of all that belongs to it. */
  readonly folder: string;
  /** Names of variants it is uploaded with. */
  readonly outputs: readonly string[];
}

/** So many pictures that differ in bytes; most are small, some take several writes. */
export async function stormPictures(count: number): Promise<StormPicture[]> {
  const pictures: StormPicture[] = [];
  for (let index = 0; index < count; index += 1) {
    const [width, height] = index % 10 === 0 ? [500, 340] : [33, 20];
    const format = (['jpeg', 'png', 'webp', 'gif'] as const)[index % 4]!;
    const pixels = Buffer.alloc(width * height * 3);
    let noise = index + 1;
    for (let at = 0; at < pixels.length; at += 1) {
      noise = (Math.imul(noise, 1_103_515_245) + 12_345) | 0;
      pixels[at] = noise >>> 16;
    }
    const raw = { width, height, channels: 3 } as const;
    const bytes = await sharp(pixels, { raw }).toFormat(format, { effort: 1 }).toBuffer();
    const hash = createHash('md5').update(bytes).digest('hex');
    const folder = `storm/${hash.replace(/^(...)(...)(...)/, '$1/$2/$3/')}`;
    const outputs = index % 25 === 0 ? ['x16.jpg'] : [];
    pictures.push({ bytes, mediaType: `image/${format}`, width, height, folder, outputs });
  }
  return pictures;
}

/** Keys of an acknowledged picture, with their bytes where these are known. */
export const expectedOf = ({
  bytes,
  mediaType,
  width,
  height,
  folder,
  outputs,
}: StormPicture): ReadonlyMap<string, Buffer | null> => {
  const hash = folder.split('/').slice(1).join('');
  const info = JSON.stringify({ hash, height, width, content_type: mediaType });
  return new Map<string, Buffer | null>([
    [`${folder}/original`, bytes],
    [`${folder}/info.json`, Buffer.from(info)],
    ...outputs.map((name) => [`${folder}/${name}`, null] as const),
  ]);
};
