import { fileTypeFromBuffer } from 'file-type';
import { PictorError } from '../../core/errors.ts';
import type { FormatDefinition } from '../../core/format.ts';
import { formats } from '../../formats/index.gen.ts';
import { allBytes, type JobInput } from './input.ts';
import { looksLikeSvg } from './svg.ts';

const readable: readonly FormatDefinition[] = Object.values(formats).filter(({ read }) => read !== null);

/**
 * Tells the format by the bytes alone: neither a name nor a Content-Type is believed.
 * @throws PictorError IMAGE_UNKNOWN
 */
export async function detectFormat(input: JobInput): Promise<FormatDefinition> {
  const { head } = input;
  let detected = (await fileTypeFromBuffer(head))?.ext;
  if (detected === 'mp4' && hasHeicBrand(head)) detected = 'heic';
  if (detected === undefined || detected === 'xml') {
    if (looksLikeSvg(head)) return formats.svg;
    if (isTiff(head)) detected = await kindOfTiff(input);
  }
  const format = readable.find(({ detectedAs }) => detected !== undefined && detectedAs.includes(detected));
  if (format === undefined)
    throw new PictorError('IMAGE_UNKNOWN', { detail: `bytes of type ${detected ?? 'unknown'}` });
  return format;
}

/** The formats inside of TIFF (those of cameras) are told apart by a directory, which may stand at the end of the file. */
async function kindOfTiff(input: JobInput): Promise<string> {
  return (await fileTypeFromBuffer(await allBytes(input)))?.ext ?? 'tif';
}

/** Brands of HEVC pictures (ISO/IEC 23008-12 annex B.4) that `file-type` takes for those of a video. */
const furtherHeicBrands = new Set(['heim', 'heis', 'hevm', 'hevs']);

const hasHeicBrand = (head: Uint8Array): boolean =>
  furtherHeicBrands.has(Buffer.from(head.subarray(8, 12)).toString('latin1'));

/** Byte order mark, then 42, or 43 for files above 4 GiB. */
function isTiff(head: Uint8Array): boolean {
  const mark = Buffer.from(head.subarray(0, 4)).toString('latin1');
  return mark === 'II*\0' || mark === 'MM\0*' || mark === 'II+\0' || mark === 'MM\0+';
}
