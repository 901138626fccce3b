import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { arch, platform, versions } from 'node:process';
import { unreadable, unwritableFormats } from '../engine/availability.ts';
import { formats } from '../formats/index.gen.ts';
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

/** The optional package behind JPEG XL. */
const jxlPackage = (): string => resolveInstalled('@jsquash/jxl/package.json');

/** The optional package behind PDF. It does not export its package.json; its entry point lies one folder below it. */
const pdfPackage = (): string =>
  path.resolve(path.dirname(resolveInstalled('@hyzyla/pdfium')), '../package.json');

/** What writes HEIC, where the operator has named it. */
export interface ComponentSettings {
  readonly heifEncoder: string;
}

/** Versions by component. sharp is asked through its files: loading it would take longer than all the rest. */
export const componentVersions = (settings?: ComponentSettings): Readonly<Record<string, string>> => ({
  pictor: packageVersion(),
  node: versions.node,
  sharp: readField(sharpPackage, 'version'),
  libvips: libvipsVersion(),
  '@jsquash/jxl': unwritableFormats({ heifEncoder: '' }).has('jxl')
    ? 'not installed: JPEG XL is neither read nor written'
    : readField(jxlPackage, 'version'),
  '@hyzyla/pdfium':
    unreadable(formats.pdf) === null ? readField(pdfPackage, 'version') : 'not installed: PDF is not read',
  ...(settings === undefined ? {} : { 'heic-encoder': settings.heifEncoder || 'none: HEIC is not written' }),
});
