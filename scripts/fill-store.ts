/**
 * Fills a disk store's folder with many small blobs, fast: `node scripts/fill-store.ts DIR COUNT`. For checks on how the
 * store behaves with a hundred thousand or a million files. The files are what the store itself would have written.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { placeOf } from '../src/stores/fs/layout.ts';
import { encodeRecord } from '../src/stores/fs/record.ts';

export const fillKey = (index: number): string => index.toString(16).padStart(16, '0');

/** Body of the blob with this number. */
export const fillBody = (index: number): Buffer => Buffer.from(`blob number ${index}`);

/** Writes `count` blobs into an empty store folder, with the ledger of a process that has ended in good order. */
export function fillStore(dir: string, count: number): { bytes: number } {
  const blobs = join(dir, 'blobs');
  const folders = new Set<string>();
  for (let index = 0; index < count; index += 1) {
    const key = fillKey(index);
    const body = fillBody(index);
    const place = placeOf(blobs, key);
    if (!folders.has(place.directory)) {
      mkdirSync(place.directory, { recursive: true });
      folders.add(place.directory);
    }
    const record = { key, meta: { index }, size: body.byteLength, sum: crc32(body), body: { bytes: body } };
    writeFileSync(place.record, encodeRecord(record));
  }
  const bytes = count * 4096;
  mkdirSync(join(dir, 'size'), { recursive: true });
  writeFileSync(join(dir, 'size', '0'.repeat(16)), `pictor-size 1 ${bytes} ${bytes} ${count} closed\n`);
  return { bytes };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [dir, count] = process.argv.slice(2);
  if (dir === undefined || !Number.isInteger(Number(count)))
    throw new Error('usage: fill-store.ts DIR COUNT');
  const { bytes } = fillStore(dir, Number(count));
  console.log(`${count} blobs, ${bytes} bytes on disk`);
}
