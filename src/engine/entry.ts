/** Files that run on their own: the worker process, and the threads inside it that hold a WebAssembly codec. */
export type EntryName = 'worker' | 'heif-thread' | 'jxl-thread' | 'pdf-thread';

/**
 * URL of an entry file: beside this file in the source tree (`.ts`), beside the bundle in the published form (`.js`).
 */
export function entryUrl(name: EntryName): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.${extension}`, import.meta.url);
}
