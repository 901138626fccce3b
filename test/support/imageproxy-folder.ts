import { createHash } from 'node:crypto';
import path from 'node:path';

/**
 * Where imageproxy keeps what it calls `text` in the folder of its disk cache: the source URL of an original, with `#` and the
 * options behind it of what was made of it.
 */
export function entryOf(folder: string, text: string): string {
  const name = createHash('md5').update(text).digest('hex');
  return path.join(folder, name.slice(0, 2), name.slice(2, 4), name);
}
