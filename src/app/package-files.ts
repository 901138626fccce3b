import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Folder of the package: two levels up in a clone (src/app), one in the bundle (dist). */
const packageRoot = [
  path.resolve(import.meta.dirname, '..'),
  path.resolve(import.meta.dirname, '../..'),
].find((folder) => existsSync(path.join(folder, 'package.json')))!;

/** Absolute path of a file or folder that is published with the package: `samples`, `playground`. */
export const packageFile = (name: string): string => path.join(packageRoot, name);

/** pictor's own version. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  return version;
}
