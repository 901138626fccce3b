import { randomBytes } from 'node:crypto';
import { type FileHandle, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { BlobMeta, FileStore } from '../../core/ports.ts';
import { diskBytes, moveInto, moveIntoNew, removeFile, syncDirectory } from '../../disk/files.ts';
import type { KeyedQueue } from '../../lib/keyed-queue.ts';
import type { Absences } from './absences.ts';
import type { Budget } from './budget.ts';
import type { Claim } from './claims.ts';
import { type Forget, openRecord, readFrom, readRecordHead } from './forget.ts';
import { bodyPath, bucketCount, type Place, placeOf } from './layout.ts';
import { decodeRecord, encodeRecord, type RecordHead, type StoredRecord } from './record.ts';
import type { Retirement } from './retirement.ts';
import type { Draft, Staging } from './staging.ts';
import type { Verdicts } from './verdicts.ts';

export interface WriterOptions {
  readonly blobs: string;
  readonly maxBytes: number;
  /** Bodies up to this many bytes live in their record. */
  readonly inlineBytes: number;
  readonly durable: boolean;
  readonly budget: Budget;
  readonly claims: { begin(): Claim };
  readonly staging: Staging;
  readonly retirement: Retirement;
  readonly forget: Forget;
  readonly verdicts: Verdicts;
  readonly absences: Absences;
  /** One at a time per record. */
  readonly queue: KeyedQueue;
  readonly attempt: <T>(bytes: number, operation: () => Promise<T>) => Promise<T>;
}

export type Writer = Pick<FileStore, 'put' | 'setMeta' | 'adopt'>;

type Content = Pick<StoredRecord, 'size' | 'sum' | 'body'>;

interface Write {
  readonly place: Place;
  readonly claim: Claim;
  /** Removed when the write fails. */
  readonly files: string[];
}

/**
 * Order of a put: body draft, body to its place (under a name nobody knows yet), record draft, record to its place. The
 * last rename is the one moment at which readers see the new blob, whole; until then they see the old one.
 */
export function createWriter(options: WriterOptions): Writer {
  const { blobs, maxBytes, budget, claims, staging, retirement, forget, absences, queue, attempt } = options;
  /** With few records, a new one most likely is the first of its folder. */
  const isSparse = (): boolean => budget.entries() < bucketCount / 2;

  const put: Writer['put'] = (key, body, meta) => keep(key, (write) => keepBody(body, write), meta);

  const adopt: Writer['adopt'] = (key, path, meta) =>
    keep(
      key,
      async (write) => {
        const draft = await staging.take({ path, claim: write.claim, maxBytes });
        return draft === null ? null : placeBody(draft, write);
      },
      meta,
    );

  async function keep(
    key: string,
    contentFor: (write: Write) => Promise<Content | null>,
    meta: BlobMeta | (() => BlobMeta),
  ): Promise<void> {
    const place = placeOf(blobs, key);
    const write: Write = { place, claim: claims.begin(), files: [] };
    try {
      const content = await contentFor(write);
      const facts = typeof meta === 'function' ? meta() : meta;
      const kept = content !== null && (await keepRecord({ key, meta: facts, ...content }, write));
      if (!kept) await attempt(0, () => forget({ ...place, body: 'late' }));
    } catch (error) {
      for (const file of write.files) await removeFile(file);
      throw error;
    } finally {
      write.claim.end();
    }
  }

  /** Null when the body is larger than the whole store. */
  async function keepBody(
    body: Uint8Array | AsyncIterable<Uint8Array>,
    write: Write,
  ): Promise<Content | null> {
    if (body instanceof Uint8Array && body.byteLength <= options.inlineBytes) {
      return { size: body.byteLength, sum: crc32(body), body: { bytes: body } };
    }
    const draft = await staging.write({ body, claim: write.claim, besides: 0, maxBytes });
    return draft === null ? null : placeBody(draft, write);
  }

  async function placeBody(draft: Draft, write: Write): Promise<Content> {
    const name = randomBytes(8).toString('hex');
    const path = bodyPath(write.place.record, name);
    write.files.push(draft.path, path);
    await attempt(0, () => moveInto(draft.path, path));
    options.verdicts.trust(path, await attempt(0, () => stat(path)));
    // Else a power failure could keep the record and lose the body.
    if (options.durable) await attempt(0, () => syncDirectory(write.place.directory));
    return { size: draft.size, sum: draft.sum, body: { name } };
  }

  async function keepRecord(record: StoredRecord, write: Write): Promise<boolean> {
    const bodyBytes = 'name' in record.body ? diskBytes(record.size) : 0;
    const draft = await staging.write({
      body: encodeRecord(record),
      claim: write.claim,
      besides: bodyBytes,
      maxBytes: maxBytes - bodyBytes,
    });
    if (draft === null) {
      for (const file of write.files) await removeFile(file);
      return false;
    }
    write.files.push(draft.path);
    await attempt(0, () => queue.run(write.place.record, () => replace(draft, bodyBytes, write)));
    return true;
  }

  async function replace(draft: Draft, bodyBytes: number, { place, claim, files }: Write): Promise<void> {
    const handle = absences.take(place.record) ? null : await openRecord(place.record);
    try {
      const old =
        handle === null ? null : { size: (await handle.stat()).size, head: await readRecordHead(handle) };
      await (handle === null && isSparse() ? moveIntoNew : moveInto)(draft.path, place.record);
      absences.changed(place.record);
      // In their places now: not to be removed, whatever follows.
      files.length = 0;
      claim.place(place.bucket, bodyBytes + diskBytes(draft.size), old === null ? 1 : 0);
      if (old !== null) {
        budget.change(place.bucket, -diskBytes(old.size), 0);
        await retireBody(old.head, place);
      }
      if (options.durable) await syncPlace(place);
    } finally {
      await handle?.close();
    }
  }

  async function retireBody(head: RecordHead | null, place: Place): Promise<void> {
    if (head === null || head.bodyName === null) return;
    await retirement.retire({
      path: bodyPath(place.record, head.bodyName),
      bucket: place.bucket,
      size: head.size,
    });
  }

  async function syncPlace(place: Place): Promise<void> {
    const top = dirname(place.directory);
    for (const directory of [place.directory, top, blobs]) await syncDirectory(directory);
  }

  async function setMeta(key: string, meta: BlobMeta): Promise<void> {
    const write: Write = { place: placeOf(blobs, key), claim: claims.begin(), files: [] };
    try {
      // Changed meanwhile by another setMeta: this one comes after it.
      for (let tries = 0; tries < 5; tries += 1) if (await rewrite(key, meta, write)) return;
    } finally {
      write.claim.end();
      for (const file of write.files) await removeFile(file);
    }
  }

  /** True when there is nothing more to do. */
  async function rewrite(key: string, meta: BlobMeta, write: Write): Promise<boolean> {
    const handle = await attempt(0, () => openRecord(write.place.record));
    if (handle === null) return true;
    try {
      const file = await attempt(0, () => readFrom(handle));
      const record = decodeRecord(file);
      // Damaged: the next `get` sees to it.
      if (record === null || record.key !== key) return true;
      const body = encodeRecord({ ...record, meta });
      const draft = await staging.write({ body, claim: write.claim, besides: 0, maxBytes });
      if (draft === null) return true;
      write.files.push(draft.path);
      return await attempt(0, () => queue.run(write.place.record, () => exchange(draft, handle, write)));
    } finally {
      await handle.close();
    }
  }

  /** Puts the draft in the place of the record it was made from; false when that is no longer there. */
  async function exchange(draft: Draft, old: FileHandle, { place, claim }: Write): Promise<boolean> {
    const before = await old.stat();
    const present = await stat(place.record).catch(() => null);
    if (present === null || present.ino !== before.ino) return false;
    await moveInto(draft.path, place.record);
    claim.place(place.bucket, diskBytes(draft.size), 0);
    budget.change(place.bucket, -diskBytes(before.size), 0);
    if (options.durable) await syncDirectory(place.directory);
    return true;
  }

  return { put, adopt, setMeta };
}
