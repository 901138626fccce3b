/**
 * The thumbnail inside a HEIF container (HEIC, AVIF), without decoding anything.
 *
 * A container holds several pictures and names one as primary (ISO/IEC 23008-12, box `pitm`); references of the type
 * `thmb` lead from a thumbnail to the picture it shows (box `iref`). The same bytes with the thumbnail named as primary,
 * and no longer called a thumbnail, are a whole file again, for every decoder.
 */
export function withThumbnailFirst(bytes: Uint8Array): Uint8Array | null {
  try {
    const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const meta = find(boxes(file, 0, file.byteLength), 'meta');
    if (meta === undefined) return null;
    const inside = [...boxes(file, meta.from + fullBoxHeader, meta.to)];
    const primary = find(inside, 'pitm');
    const references = find(inside, 'iref');
    if (primary === undefined || references === undefined) return null;
    const wide = file.getUint8(primary.from) > 0;
    const at = primary.from + fullBoxHeader;
    const reference = thumbnailOf(file, references, wide ? file.getUint32(at) : file.getUint16(at));
    return reference === null ? null : promoted(bytes, { at, wide }, reference);
  } catch (error) {
    // A length that points outside: the decoder will say so in its own words.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

interface Box {
  readonly type: string;
  /** Where its contents begin and end. */
  readonly from: number;
  readonly to: number;
}

/** Version and flags. */
const fullBoxHeader = 4;

function* boxes(file: DataView, start: number, end: number): Generator<Box> {
  let at = start;
  while (at + 8 <= end) {
    const type = String.fromCharCode(...[4, 5, 6, 7].map((offset) => file.getUint8(at + offset)));
    const length = file.getUint32(at);
    const [header, size] = length === 1 ? [16, Number(file.getBigUint64(at + 8))] : [8, length || end - at];
    if (size < header || at + size > end) return;
    yield { type, from: at + header, to: at + size };
    at += size;
  }
}

function find(list: Iterable<Box>, type: string): Box | undefined {
  for (const box of list) if (box.type === type) return box;
  return undefined;
}

interface Reference {
  /** Item of the thumbnail. */
  readonly id: number;
  /** Where the type of the reference stands. */
  readonly at: number;
}

/** Item ids are 16 bits wide in version 0 of the box, 32 in version 1. */
function thumbnailOf(file: DataView, references: Box, picture: number): Reference | null {
  const width = file.getUint8(references.from) === 0 ? 2 : 4;
  const idAt = (at: number) => (width === 2 ? file.getUint16(at) : file.getUint32(at));
  for (const { type, from, to } of boxes(file, references.from + fullBoxHeader, references.to)) {
    if (type !== 'thmb') continue;
    for (let at = from + width + 2; at + width <= to; at += width) {
      if (idAt(at) === picture) return { id: idAt(from), at: from - 4 };
    }
  }
  return null;
}

/** An item that is called a thumbnail counts for no picture of its own in libheif. Readers skip what is `free`. */
const ignored = 0x66726565;

function promoted(
  bytes: Uint8Array,
  primary: { readonly at: number; readonly wide: boolean },
  { id, at }: Reference,
): Uint8Array | null {
  if (!primary.wide && id > 0xffff) return null;
  const copy = Uint8Array.from(bytes);
  const file = new DataView(copy.buffer);
  if (primary.wide) file.setUint32(primary.at, id);
  else file.setUint16(primary.at, id);
  file.setUint32(at, ignored);
  return copy;
}
