import { crc32 } from 'node:zlib';
import type { BlobMeta } from '../../core/ports.ts';
import { isBodyName } from './layout.ts';

/**
 * A record file, all numbers little-endian:
 *
 *    0  4  'pctr'
 *    4  4  version: 1
 *    8  4  length of the head
 *   12  4  CRC-32 of the body
 *   16  8  length of the body
 *   24  4  CRC-32 of bytes 0…23 and the head
 *   28  …  the head, JSON: key, meta, and the name of the body when that is a file of its own
 *    …  …  the body, when it is not
 *
 * Lengths and sums make a torn, cut or overwritten file visible: it then counts as missing.
 */
export interface StoredRecord {
  readonly key: string;
  readonly meta: BlobMeta;
  readonly size: number;
  /** CRC-32 of the body. */
  readonly sum: number;
  readonly body: { readonly bytes: Uint8Array } | { readonly name: string };
}

/** A record without its inline body: enough to know what it belongs to. */
export type RecordHead = Omit<StoredRecord, 'body'> & { readonly bodyName: string | null };

const fixedLength = 28;
const version = 1;
const magic = Buffer.from('pctr');
/** Bytes that hold the whole head of almost every record. */
export const usualHeadLength = 4096;

/** The whole file. An inline body is copied: at its size that costs less than a second write. */
export function encodeRecord(record: StoredRecord): Buffer {
  const inline = 'bytes' in record.body ? record.body.bytes : null;
  const name = 'name' in record.body ? { body: record.body.name } : {};
  const head = Buffer.from(JSON.stringify({ key: record.key, meta: record.meta, ...name }));
  const fixed = Buffer.alloc(fixedLength);
  magic.copy(fixed);
  fixed.writeUInt32LE(version, 4);
  fixed.writeUInt32LE(head.byteLength, 8);
  fixed.writeUInt32LE(record.sum, 12);
  fixed.writeBigUInt64LE(BigInt(record.size), 16);
  fixed.writeUInt32LE(headSum(fixed, head), 24);
  return Buffer.concat(inline === null ? [fixed, head] : [fixed, head, inline]);
}

/** The record in these bytes, which are a whole file; null when they are not exactly one. The body is not copied. */
export function decodeRecord(file: Buffer): StoredRecord | null {
  const head = decodeHead(file);
  if (head === null || head === 'longer') return null;
  const { bodyName, ...common } = head;
  const bytes = file.subarray(fixedLength + file.readUInt32LE(8));
  if (bodyName !== null) return bytes.byteLength === 0 ? { ...common, body: { name: bodyName } } : null;
  const whole = bytes.byteLength === head.size && crc32(bytes) === head.sum;
  return whole ? { ...common, body: { bytes } } : null;
}

/** The head in the first bytes of a file; `longer` when more of them are needed, null when it is none. */
export function decodeHead(start: Buffer): RecordHead | 'longer' | null {
  if (start.byteLength < fixedLength || !start.subarray(0, 4).equals(magic)) return null;
  if (start.readUInt32LE(4) !== version) return null;
  const end = fixedLength + start.readUInt32LE(8);
  if (start.byteLength < end) return 'longer';
  const head = start.subarray(fixedLength, end);
  if (headSum(start, head) !== start.readUInt32LE(24)) return null;
  return readHead(head.toString(), { size: Number(start.readBigUInt64LE(16)), sum: start.readUInt32LE(12) });
}

function headSum(fixed: Buffer, head: Buffer): number {
  return crc32(head, crc32(fixed.subarray(0, 24)));
}

function readHead(text: string, lengths: { size: number; sum: number }): RecordHead | null {
  const head = parseJson(text);
  if (!isObject(head) || typeof head.key !== 'string' || !isObject(head.meta)) return null;
  const name = head.body ?? null;
  if (name !== null && (typeof name !== 'string' || !isBodyName(name))) return null;
  return { key: head.key, meta: head.meta, bodyName: name, ...lengths };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
