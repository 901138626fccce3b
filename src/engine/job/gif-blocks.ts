import { PictorError } from '../../core/errors.ts';

const header = 6;
const screen = 7;
const imageDescriptor = 9;
const introducers = { extension: 0x21, image: 0x2c } as const;

/**
 * Follows the blocks of a GIF (GIF89a section 12 to 26) to its end, without decoding any. libvips takes a file that ends within
 * its second picture or later for one that is whole, and fills what is missing with what was there before. Bytes that belong to
 * no block end the walk, as the trailer does: what they mean is the decoder's to say. A trailer alone may be missing, which some
 * programs leave out.
 * @throws PictorError IMAGE_BROKEN where it ends within a block
 */
export function checkGifIsWhole(bytes: Uint8Array): void {
  /** Behind a chain of sub-blocks: each begins with its length, and one of none ends them. */
  const behindChain = (from: number): number => {
    let at = from;
    for (let length = byteAt(bytes, at); length > 0; length = byteAt(bytes, at)) at += 1 + length;
    return at + 1;
  };
  let at = header + screen + coloursAt(byteAt(bytes, header + 4));
  while (at < bytes.length) {
    if (bytes[at] === introducers.extension) at = behindChain(at + 2);
    else if (bytes[at] === introducers.image) {
      const data = at + 1 + imageDescriptor + coloursAt(byteAt(bytes, at + imageDescriptor));
      // One byte says how wide its codes begin.
      at = behindChain(data + 1);
    } else return;
  }
  if (at > bytes.length) throw cutOff();
}

/** Bytes of the colour table that these flags announce. */
const coloursAt = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw cutOff();
  return byte;
}

const cutOff = (): PictorError => new PictorError('IMAGE_BROKEN', { detail: 'a GIF that is cut off' });
