import { Buffer } from 'node:buffer';
import { STATUS_CODES } from 'node:http';
import { crc32 } from 'node:zlib';
import type { BlobMeta } from '../core/ports.ts';

/** A blob as a file of its own that other programs can read: a whole HTTP response. */
export interface HttpEntry {
  readonly key: string;
  readonly meta: BlobMeta;
  readonly body: Buffer;
}

/** Header by which we know our entries: version, CRC-32 of the body, and key and meta as JSON in base64url. */
const ours = 'X-Pictor-Entry';
const version = '1';
const headEnd = '\r\n\r\n';

/** What describes the bytes on the wire of another transfer. */
const notKept: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-type',
  'transfer-encoding',
  'connection',
  'set-cookie',
  ours.toLowerCase(),
]);

/**
 * The head of an entry. Status and headers are those of the source's answer as far as the meta holds them (`response`, or
 * `status` and `sourceHeaders`), so that a server which keeps such responses can go on with ours.
 */
export function encodeHead(key: string, meta: BlobMeta, body: { size: number; check: number }): Buffer {
  const { status, headers, mediaType } = answerIn(meta);
  const facts = Buffer.from(JSON.stringify({ key, meta })).toString('base64url');
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...(mediaType === null ? [] : [`Content-Type: ${mediaType}`]),
    `Content-Length: ${body.size}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `${ours}: ${version} ${body.check} ${facts}`,
  ];
  return Buffer.from(lines.join('\r\n') + headEnd, 'latin1');
}

/** A whole entry. */
export function encodeEntry(key: string, meta: BlobMeta, body: Uint8Array): Buffer {
  return Buffer.concat([encodeHead(key, meta, { size: body.byteLength, check: crc32(body) }), body]);
}

/** The entry in these bytes. Null: it is none of ours, or damaged. The body is not copied. */
export function decodeEntry(bytes: Uint8Array): HttpEntry | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.toString('latin1', 0, 5) !== 'HTTP/') return null;
  const end = file.indexOf(headEnd);
  if (end < 0) return null;
  const lines = file.toString('latin1', 0, end).split('\r\n');
  const line = lines.find((each) => each.startsWith(`${ours}: ${version} `));
  const [, check = '', facts = ''] = line?.slice(ours.length + 2).split(' ') ?? [];
  const length = lines.find((each) => each.startsWith('Content-Length: '))?.slice(16);
  const body = file.subarray(end + headEnd.length);
  if (String(body.byteLength) !== length || String(crc32(body)) !== check) return null;
  const known = parseFacts(facts);
  return known === null ? null : { ...known, body };
}

function parseFacts(text: string): { readonly key: string; readonly meta: BlobMeta } | null {
  try {
    const facts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!isObject(facts) || typeof facts['key'] !== 'string' || !isObject(facts['meta'])) return null;
    return { key: facts['key'], meta: facts['meta'] };
  } catch {
    return null;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly mediaType: string | null;
}

function answerIn(meta: BlobMeta): Answer {
  const response = isObject(meta['response']) ? meta['response'] : {};
  const given = response['headers'] ?? meta['sourceHeaders'];
  const status = response['status'] ?? meta['status'];
  const all = isObject(given) ? Object.entries(given) : [];
  const headers = all.filter(
    (pair): pair is [string, string] => isPlain(pair[0]) && isPlain(pair[1]) && !notKept.has(pair[0]),
  );
  const mediaType = meta['mediaType'] ?? (isObject(given) ? given['content-type'] : undefined);
  return {
    status: typeof status === 'number' && status >= 200 && status <= 599 ? status : 200,
    headers,
    mediaType: isPlain(mediaType) ? mediaType : null,
  };
}

/** One line of visible ASCII: nothing that could end a header. */
const isPlain = (text: unknown): text is string => typeof text === 'string' && /^[\t\x20-\x7e]+$/.test(text);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
