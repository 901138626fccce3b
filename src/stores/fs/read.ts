import type { Stats } from 'node:fs';
import { type FileHandle, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { PictorError } from '../../core/errors.ts';
import type { StoredBlob } from '../../core/ports.ts';
import { describeFailure, isMissing } from '../../disk/files.ts';
import type { Absences } from './absences.ts';
import { type Forget, openRecord, readFrom, readRecordHead } from './forget.ts';
import { bodyPath, type Place, placeOf, walkLeaves } from './layout.ts';
import { decodeRecord, type StoredRecord } from './record.ts';
import type { Verdicts } from './verdicts.ts';

export interface ReaderOptions {
  readonly blobs: string;
  readonly forget: Forget;
  readonly verdicts: Verdicts;
  readonly absences: Absences;
  readonly stamp: () => number;
  readonly now: () => number;
  /** A use within this time of the last noted one is not noted again. */
  readonly touchAfterMs: number;
  readonly onFailure: (detail: string) => void;
  readonly onRepaired: (detail: string) => void;
}

export interface Reader {
  get(key: string): Promise<StoredBlob | null>;
  list(prefix: string): AsyncGenerator<string>;
}

interface OpenRecord {
  readonly key: string;
  readonly place: Place;
  /** Kept open while its file is compared with others: an open file's number is not given to another one. */
  readonly handle: FileHandle;
  readonly facts: Stats;
}

const tier = 'disk';

export function createReader(options: ReaderOptions): Reader {
  const { blobs, forget, absences } = options;

  async function get(key: string): Promise<StoredBlob | null> {
    const place = placeOf(blobs, key);
    try {
      // Replaced between two looks: look again. More than a few times in a row is another trouble.
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const found = await readOnce(key, place);
        if (found !== 'replaced') return found;
      }
    } catch (error) {
      options.onFailure(describeFailure(error));
    }
    return null;
  }

  async function readOnce(key: string, place: Place): Promise<StoredBlob | null | 'replaced'> {
    const looked = absences.looking();
    const handle = await openRecord(place.record);
    if (handle === null) {
      absences.missing(place.record, looked);
      return null;
    }
    absences.present(place.record);
    try {
      const facts = await handle.stat();
      const record = decodeRecord(await readFrom(handle, facts.size));
      const open = { key, place, handle, facts };
      if (record === null || record.key !== key) return await discard(open, 'damaged record removed');
      await touch(open);
      return 'bytes' in record.body
        ? inlineBlob(record, record.body.bytes)
        : await separateBlob(record, record.body.name, open);
    } finally {
      await handle.close();
    }
  }

  async function touch({ handle, facts }: OpenRecord): Promise<void> {
    if (Math.abs(options.now() - facts.mtimeMs) < options.touchAfterMs) return;
    const time = options.stamp();
    await handle.utimes(time, time).catch(() => {});
  }

  /** In this order, see forget.ts: the record has been stamped; the body; the record again. */
  async function separateBlob(
    record: StoredRecord,
    name: string,
    open: OpenRecord,
  ): Promise<StoredBlob | null | 'replaced'> {
    const path = bodyPath(open.place.record, name);
    const body = await factsOf(path);
    const hasLength = body !== null && body.size === record.size;
    const whole = hasLength ? await options.verdicts.isWhole(path, body, record.sum) : false;
    const again = await factsOf(open.place.record);
    if (again === null) return null;
    if (whole === true) {
      const read = () => readBody(path, record, open);
      return { meta: record.meta, size: record.size, path, tier, bytes: read };
    }
    if (whole === null || again.ino !== open.facts.ino) return 'replaced';
    return discard(open, hasLength ? 'damaged body removed' : 'record without its body removed');
  }

  async function readBody(
    path: string,
    record: StoredRecord,
    { place, facts }: OpenRecord,
  ): Promise<Uint8Array> {
    const bytes = await readFile(path).catch((cause: unknown) => {
      const detail = describeFailure(cause);
      if (!isMissing(cause)) options.onFailure(detail);
      throw new PictorError('STORE_FAILED', { detail, cause });
    });
    if (bytes.byteLength === record.size && crc32(bytes) === record.sum) return bytes;
    await forget({ ...place, when: ({ ino }) => ino === facts.ino, body: 'late' }).catch(() => 0);
    options.onRepaired('damaged body removed');
    throw new PictorError('STORE_FAILED', { detail: `damaged body: ${path}` });
  }

  async function discard({ place, facts }: OpenRecord, detail: string): Promise<null> {
    const freed = await forget({ ...place, when: ({ ino }) => ino === facts.ino, body: 'late' });
    if (freed > 0) options.onRepaired(detail);
    return null;
  }

  async function* list(prefix: string): AsyncGenerator<string> {
    try {
      for await (const leaf of walkLeaves(blobs)) {
        for (const name of leaf.records) {
          const key = await keyOf(join(leaf.directory, name));
          if (key?.startsWith(prefix)) yield key;
        }
      }
    } catch (cause) {
      const detail = describeFailure(cause);
      options.onFailure(detail);
      throw new PictorError('STORE_FAILED', { detail, cause });
    }
  }

  return { get, list };
}

function inlineBlob(record: StoredRecord, body: Uint8Array): StoredBlob {
  return { meta: record.meta, size: record.size, tier, body, bytes: () => Promise.resolve(body) };
}

async function factsOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function keyOf(record: string): Promise<string | null> {
  const handle = await openRecord(record);
  if (handle === null) return null;
  try {
    return (await readRecordHead(handle))?.key ?? null;
  } finally {
    await handle.close();
  }
}
