import { closeSync, openSync, readSync } from 'node:fs';
import { escapedMarkup } from '../../lib/markup.ts';
import type { JobInput } from './input.ts';

/** Whose picture it is, by the names of EXIF. */
export type Ownership = Readonly<Partial<Record<'Copyright' | 'Artist', string>>>;

/** Tags of the first directory of an EXIF block (Exif 3.0 section 4.6.5) or a TIFF file (TIFF 6.0 section 8). */
const tags: ReadonlyMap<number, keyof Ownership> = new Map([
  [0x8298, 'Copyright'],
  [0x013b, 'Artist'],
]);

const asciiType = 2;
/** UTF-8, since Exif 3.0. */
const utf8Type = 129;
const entryBytes = 12;
/** Longer texts are no names. */
const longestText = 4096;

/** A TIFF structure. */
interface Structure {
  readonly size: number;
  /** @throws RangeError where there are not so many bytes */
  at(offset: number, length: number): DataView;
}

/**
 * Copyright and artist of an EXIF block; what is missing, empty or unreadable is left out. Reads these two tags and
 * nothing else, in linear time: general EXIF readers build lists as long as a forged count says.
 * @param exif TIFF structure, with or without the `Exif\0\0` that JPEG puts before it
 */
export function ownershipTexts(exif: Uint8Array): Ownership {
  const marked = exif[0] === 0x45 && exif[1] === 0x78;
  return textsIn(inMemory(marked ? exif.subarray(6) : exif));
}

/** The same of a TIFF file, which has them where an EXIF block has them. Not of BigTIFF. */
export function ownershipOfTiff({ from, size }: JobInput): Ownership {
  if (typeof from !== 'string') return textsIn(inMemory(from));
  let file: number;
  try {
    file = openSync(from, 'r');
  } catch {
    // Forgotten by its store meanwhile: whoever reads the pixels will say so.
    return {};
  }
  try {
    return textsIn({ size, at: (offset, length) => readAt(file, offset, length) });
  } finally {
    closeSync(file);
  }
}

const inMemory = ({ buffer, byteOffset, byteLength }: Uint8Array): Structure => ({
  size: byteLength,
  at(offset, length) {
    if (offset + length > byteLength) throw new RangeError('outside');
    return new DataView(buffer, byteOffset + offset, length);
  },
});

function readAt(file: number, offset: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  if (readSync(file, bytes, 0, length, offset) < length) throw new RangeError('outside');
  return new DataView(bytes.buffer);
}

function textsIn(structure: Structure): Ownership {
  try {
    return Object.fromEntries(readTexts(structure).filter(([, value]) => value !== ''));
  } catch (error) {
    // An offset that points outside. Half a name is not worth keeping.
    if (error instanceof RangeError) return {};
    throw error;
  }
}

function readTexts(structure: Structure): [string, string][] {
  const header = structure.at(0, 8);
  const little = header.getUint16(0) === 0x4949;
  if (header.getUint16(2, little) !== 42) return [];
  const directory = header.getUint32(4, little);
  const count = structure.at(directory, 2).getUint16(0, little);
  const entries = structure.at(directory + 2, count * entryBytes);
  const texts: [string, string][] = [];
  for (let at = 0; at < entries.byteLength; at += entryBytes) {
    const name = tags.get(entries.getUint16(at, little));
    const type = entries.getUint16(at + 2, little);
    if (name === undefined || (type !== asciiType && type !== utf8Type)) continue;
    const length = entries.getUint32(at + 4, little);
    const from = length <= 4 ? directory + 2 + at + 8 : entries.getUint32(at + 8, little);
    texts.push([name, readText(structure, from, Math.min(length, longestText))]);
  }
  return texts;
}

/** The copyright of the editor follows that of the photographer behind a NUL. */
function readText(structure: Structure, from: number, length: number): string {
  const bytes = structure.at(from, Math.min(length, Math.max(0, structure.size - from)));
  return new TextDecoder().decode(bytes).replaceAll('\0', ' ').trim();
}

/**
 * Copyright and artist as XMP (ISO 16684-1, Dublin Core), for formats that libvips writes without EXIF.
 * @returns a packet without the processing instructions around it
 */
export function ownershipXmp({ Copyright, Artist }: Ownership): string {
  const rights =
    Copyright === undefined
      ? ''
      : `<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">${escaped(Copyright)}</rdf:li></rdf:Alt></dc:rights>`;
  const creator =
    Artist === undefined
      ? ''
      : `<dc:creator><rdf:Seq><rdf:li>${escaped(Artist)}</rdf:li></rdf:Seq></dc:creator>`;
  return (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    `<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">${rights}${creator}</rdf:Description>` +
    '</rdf:RDF></x:xmpmeta>'
  );
}

/** Control characters and these two may not stand in XML at all (XML 1.0 section 2.2). */
const escaped = (text: string): string => escapedMarkup(text.replaceAll(/[\p{Cc}\ufffe\uffff]/gu, ' '));
