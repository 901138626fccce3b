import { accessSync, constants, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { CodecNeed, FormatDefinition } from '../core/format.ts';
import { formats } from '../formats/index.gen.ts';

/** Programs that settings of `engine` name; empty: none. */
export interface CodecPrograms {
  readonly heifEncoder: string;
}

const all: readonly FormatDefinition[] = Object.values(formats);

/**
 * Why a need is not met here, for an operator; null when it is. Cheap: nothing is loaded or run, so a package that is
 * there but damaged counts as met.
 */
export function missing(need: CodecNeed | undefined, programs: CodecPrograms): string | null {
  if (need === undefined) return null;
  if ('package' in need)
    return isInstalled(need.package) ? null : `the optional package ${need.package} is not installed`;
  const program = programs[need.program];
  if (program === '') return `engine.${need.program} names no program`;
  return isExecutable(program) ? null : `engine.${need.program}: ${program} is no program that can be run`;
}

const resolved = new Map<string, boolean>();

/** Remembered: packages do not come and go under a running server. */
function isInstalled(name: string): boolean {
  let found = resolved.get(name);
  if (found === undefined) {
    found = canResolve(name);
    resolved.set(name, found);
  }
  return found;
}

function canResolve(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch (error) {
    // It is there, and keeps that file to itself.
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Why a format that pictor knows how to read is not read on this server; null: it is. No program is needed to read anything. */
export function unreadable({ read }: Pick<FormatDefinition, 'read'>): string | null {
  return read?.by === 'codec' ? missing(read.needs, { heifEncoder: '' }) : null;
}

/** Formats pictor knows how to write but not on this server, with the reason. */
export function unwritableFormats(programs: CodecPrograms): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, write } of all) {
    const reason = write?.by === 'codec' ? missing(write.needs, programs) : null;
    if (reason !== null) found.set(name, reason);
  }
  return found;
}
