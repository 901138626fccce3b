/** Bits from the lowest of each byte to the highest, as a JPEG XL codestream packs them (ISO/IEC 18181-1 section 4). */
export interface BitReader {
  /** The next 0 to 32 bits as a number. @throws RangeError at the end of the bytes */
  bits(count: number): number;
  flag(): boolean;
  /** U32(): two bits choose one of four ways to write a number: that number itself, or an offset and so many bits. */
  choice(...ways: readonly [Way, Way, Way, Way]): number;
  skip(count: number): void;
}

type Way = number | readonly [offset: number, bits: number];

/** @param start offset in bytes */
export function createBitReader(bytes: Uint8Array, start: number): BitReader {
  let at = start * 8;
  const bits = (count: number): number => {
    if (at + count > bytes.length * 8) throw new RangeError('header is cut off');
    let value = 0;
    // Not with shifts: these end at 31 bits.
    for (let index = 0; index < count; index += 1, at += 1)
      value += ((bytes[at >> 3]! >> (at & 7)) & 1) * 2 ** index;
    return value;
  };
  return {
    bits,
    flag: () => bits(1) === 1,
    choice: (...ways) => {
      const way = ways[bits(2)]!;
      return typeof way === 'number' ? way : way[0] + bits(way[1]);
    },
    skip(count) {
      at += count;
    },
  };
}
