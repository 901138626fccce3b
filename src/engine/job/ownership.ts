/** EXIF tags of IFD0 that say whose picture it is (Exif 3.0 section 4.6.5). */
const tags: ReadonlyMap<number, 'Copyright' | 'Artist'> = new Map([
  [0x8298, 'Copyright'],
  [0x013b, 'Artist'],
]);

const asciiType = 2;
/** UTF-8, since Exif 3.0. */
const utf8Type = 129;
const entryBytes = 12;
/** Longer texts are no names. */
const longestText = 4096;

/**
 * Copyright and artist of an EXIF block; what is missing, empty or unreadable is left out. Reads these two tags and
 * nothing else, in linear time: general EXIF readers build lists as long as a forged count says.
 * @param exif TIFF structure, with or without the `Exif\0\0` that JPEG puts before it
 */
export function ownershipTexts(exif: Uint8Array): Readonly<Record<string, string>> {
  const marked = exif[0] === 0x45 && exif[1] === 0x78;
  const block = marked ? exif.subarray(6) : exif;
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  try {
    return Object.fromEntries(readTexts(view).filter(([, value]) => value !== ''));
  } catch (error) {
    // An offset that points outside. Half a name is not worth keeping.
    if (error instanceof RangeError) return {};
    throw error;
  }
}

function readTexts(view: DataView): [string, string][] {
  const little = view.getUint16(0) === 0x4949;
  const directory = view.getUint32(4, little);
  const entries = view.getUint16(directory, little);
  const texts: [string, string][] = [];
  for (let index = 0; index < entries; index += 1) {
    const at = directory + 2 + index * entryBytes;
    const name = tags.get(view.getUint16(at, little));
    const type = view.getUint16(at + 2, little);
    if (name === undefined || (type !== asciiType && type !== utf8Type)) continue;
    const length = view.getUint32(at + 4, little);
    const from = length <= 4 ? at + 8 : view.getUint32(at + 8, little);
    texts.push([name, readText(view, from, Math.min(length, longestText))]);
  }
  return texts;
}

/** The copyright of the editor follows that of the photographer behind a NUL. */
function readText(view: DataView, from: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + from, Math.min(length, view.byteLength - from));
  return new TextDecoder().decode(bytes).replaceAll('\0', ' ').trim();
}
