/** What lies in a folder of image-server and in the bucket behind it, looked at past the program. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { GetObjectCommand, ListObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { filesBelow } from './keeping-pictor.ts';
import { expectedOf, type StormPicture } from './storm-pictures.ts';

/** Keys and sizes of all objects of a bucket. */
export type StoredObjects = ReadonlyMap<string, number>;

export interface AuditedFolder {
  readonly root: string;
  readonly acknowledged: readonly StormPicture[];
  /** What the bucket has that all must get to; null: there is none, or it cannot be asked. */
  readonly remote: StoredObjects | null;
}

const md5Of = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/**
 * What is wrong in a folder whose server is dead at this moment: half-written objects, hashes that are not those of their
 * bytes, acknowledged ones that are missing, and ones that neither are in the bucket nor are owed to it.
 */
export async function auditFolder({ root, acknowledged, remote }: AuditedFolder): Promise<string[]> {
  const problems: string[] = [];
  const files = await filesBelow(root);
  const objects = files.filter((file) => !file.startsWith('.pictor/'));
  for (const file of objects) {
    const trouble = wrongIn(file, await readFile(path.join(root, file)));
    if (trouble !== null) problems.push(`${file}: ${trouble}`);
  }
  const owed = await owedIn(root, files, problems);
  if (remote !== null)
    for (const file of objects)
      if (!remote.has(file) && !owed.has(file)) problems.push(`${file} is neither in the bucket nor owed`);
  const here = new Set(objects);
  for (const picture of acknowledged)
    for (const key of expectedOf(picture).keys())
      if (!here.has(key) && !owed.has(key)) problems.push(`${key} was acknowledged and is gone`);
  return problems;
}

function wrongIn(file: string, bytes: Buffer): string | null {
  const parts = file.split('/');
  const hash = parts.slice(1, 5).join('');
  const name = parts.at(-1);
  if (name === 'original') return md5Of(bytes) === hash ? null : 'its bytes have another hash';
  if (name === 'info.json') return bytes.toString().startsWith(`{"hash":"${hash}",`) ? null : 'not its info';
  return bytes.length > 0 ? null : 'empty';
}

/** Keys of what is owed. A body that nothing describes is nobody's any more. */
async function owedIn(root: string, files: readonly string[], problems: string[]): Promise<Set<string>> {
  const owed = new Set<string>();
  const all = new Set(files);
  for (const file of files) {
    if (!file.startsWith('.pictor/owed/') || !file.endsWith('.body')) continue;
    const facts = file.replace(/body$/, 'json');
    if (!all.has(facts)) {
      problems.push(`${file} is owed, but nothing says what it is`);
      continue;
    }
    const { key } = JSON.parse(await readFile(path.join(root, facts), 'utf8')) as { key: string };
    const trouble = wrongIn(key, await readFile(path.join(root, file)));
    if (trouble !== null) problems.push(`owed ${key}: ${trouble}`);
    owed.add(key);
  }
  return owed;
}

/** Compares what was acknowledged with what a place has, byte for byte; whatever else lies there is an orphan. */
export async function auditPlace(
  acknowledged: readonly StormPicture[],
  place: { readonly keys: Iterable<string>; read(key: string): Promise<Buffer> },
): Promise<string[]> {
  const problems: string[] = [];
  const strangers = new Set(place.keys);
  for (const picture of acknowledged) {
    for (const [key, bytes] of expectedOf(picture)) {
      if (!strangers.delete(key)) problems.push(`${key} is missing`);
      else if (bytes !== null && !bytes.equals(await place.read(key))) problems.push(`${key} differs`);
    }
  }
  for (const key of strangers) problems.push(`${key} is an orphan`);
  return problems;
}

/** A bucket as somebody else sees it. (By the older listing: the newer one's pages are beyond s3rver with OpenSSL 3.) */
export async function objectsIn(admin: S3Client, bucket: string): Promise<StoredObjects> {
  const found = new Map<string, number>();
  for (let last = '', more = true; more; ) {
    const page = await admin.send(new ListObjectsCommand({ Bucket: bucket, Marker: last }));
    for (const { Key: key = '', Size: size = 0 } of page.Contents ?? []) {
      found.set(key, size);
      last = key;
    }
    more = page.IsTruncated === true;
  }
  return found;
}

export async function readObject(admin: S3Client, bucket: string, key: string): Promise<Buffer> {
  const { Body: body } = await admin.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Buffer.from(await body!.transformToByteArray());
}
