/** Files that run on their own: the worker process, and the thread inside it that decodes HEIC. */
export type EntryName = 'worker' | 'heif-thread';

/**
 * URL of an entry file: beside this file in the source tree (`.ts`), beside the bundle in the published form (`.js`).
 */
export function entryUrl(name: EntryName): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.${extension}`, import.meta.url);
}
