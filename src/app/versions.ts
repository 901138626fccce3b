import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { arch, platform, versions } from 'node:process';
import { packageVersion } from './package-files.ts';

const resolveInstalled = (name: string): string => createRequire(import.meta.url).resolve(name);

/** A field of a JSON file of an installed package; `unknown` when it is not there. The package's code is not loaded. */
function readField(file: () => string, field: string): string {
  try {
    const content = JSON.parse(readFileSync(file(), 'utf8')) as Readonly<Record<string, unknown>>;
    const value = content[field];
    return typeof value === 'string' ? value : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** sharp does not export its package.json; its entry point lies one folder below it. */
const sharpPackage = (): string => path.resolve(path.dirname(resolveInstalled('sharp')), '../package.json');

/** The prebuilt libvips is a package per platform; for musl (Alpine) under another name. */
function libvipsVersion(): string {
  const versions = ['', 'musl'].map((libc) =>
    readField(() => resolveInstalled(`@img/sharp-libvips-${platform}${libc}-${arch}/versions`), 'vips'),
  );
  return versions.find((found) => found !== 'unknown') ?? 'unknown';
}

/** Versions by component. sharp is asked through its files: loading it would take longer than all the rest. */
export const componentVersions = (): Readonly<Record<string, string>> => ({
  pictor: packageVersion(),
  node: versions.node,
  sharp: readField(sharpPackage, 'version'),
  libvips: libvipsVersion(),
});
