import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { PictorError } from '../core/errors.ts';
import type { Source, Validators } from '../core/ports.ts';
import { tooLarge } from './too-large.ts';

/** Seconds a file is trusted before it is looked at again: a look is one `stat`, so this is about bursts only. */
const freshForSeconds = 5;

/** Waits for nothing (a FIFO without a writer would block for ever) and follows no link at the last step. */
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Originals from one folder: `local:///path/below/the/root.jpg`. The host part is ignored, and the path is literal text:
 * `%`, `?` and `#` stand for themselves (a dialect has decoded its URL already). `..` is resolved below the root as in a
 * URL, symbolic links may point anywhere inside the root and nowhere outside it, and only regular files are read.
 * All that is not there, or must not be, looks the same from outside: SOURCE_NOT_FOUND.
 *
 * The original handed over is the file itself, under its real path. Writers should replace files (rename), not rewrite
 * them: a file that changes while it is decoded gives a broken picture for once.
 */
export function createFileSource({ root }: { readonly root: string }): Source {
  return {
    schemes: ['local'],
    async open(uri, context) {
      const wanted = /^local:\/\/[^/]*(\/.*)?$/is.exec(uri);
      if (wanted === null) throw new PictorError('SOURCE_INVALID', { detail: uri });
      if (context.signal.aborted) throw cancelled(context.signal);
      const file = await findFile(root, wanted[1] ?? '/');
      if (file.size > context.maxBytes) throw tooLarge(context.maxBytes);
      return holds(context.known, file.validators)
        ? { status: 'not-modified', freshForSeconds }
        : {
            status: 'found',
            body: { path: file.path },
            size: file.size,
            validators: file.validators,
            freshForSeconds,
          };
    },
  };
}

interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly validators: Required<Validators>;
}

async function findFile(root: string, wanted: string): Promise<FoundFile> {
  // A backslash is a separator on some systems and nearly always an attack on the others.
  if (/[\0\\]/.test(wanted)) throw new PictorError('SOURCE_NOT_FOUND', { detail: JSON.stringify(wanted) });
  try {
    // The root is resolved each time: deployments swap the link it may be.
    const realRoot = await realpath(root);
    const real = await realpath(path.join(realRoot, path.posix.normalize(wanted)));
    if (!isBelow(realRoot, real))
      throw new PictorError('SOURCE_NOT_FOUND', { detail: `${wanted} leads out of the root` });
    return await describeFile(real);
  } catch (thrown) {
    throw classifyFileFailure(thrown);
  }
}

/** A whole path segment further down, so that `/img-private` is not below `/img`. */
function isBelow(root: string, file: string): boolean {
  const relative = path.relative(root, file);
  return (
    relative !== '' &&
    relative !== '..' &&
    !relative.startsWith(`..${path.sep}`) &&
    !path.isAbsolute(relative)
  );
}

/** Looks at the open file, not at the name once more: what was checked is what is described. */
async function describeFile(real: string): Promise<FoundFile> {
  const handle = await open(real, openFlags);
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new PictorError('SOURCE_NOT_FOUND', { detail: `${real} is no regular file` });
    return {
      path: real,
      size: Number(stats.size),
      validators: {
        etag: `"${fingerprint([stats.size, stats.mtimeNs, stats.ino])}"`,
        lastModified: new Date(Number(stats.mtimeMs)).toUTCString(),
      },
    };
  } finally {
    await handle.close();
  }
}

/** Clients may get to see it: not the numbers of the file system themselves. */
const fingerprint = (facts: readonly bigint[]): string =>
  hash('sha256', facts.join('-'), 'base64url').slice(0, 27);

function holds(known: Validators | undefined, current: Required<Validators>): boolean {
  // The etag is finer than a date in whole seconds: where there is one it alone decides (RFC 9110 section 13.2.2).
  return known?.etag === undefined
    ? known?.lastModified === current.lastModified
    : known.etag === current.etag;
}

/** ENXIO: a socket or a FIFO; EISDIR, ENOTDIR, ELOOP: something that is no file. */
const notThere: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENXIO',
  'EINVAL',
  'ENODEV',
]);

function classifyFileFailure(thrown: unknown): PictorError {
  if (thrown instanceof PictorError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const options = { detail: thrown instanceof Error ? thrown.message : String(thrown), cause: thrown };
  if (notThere.has(code)) return new PictorError('SOURCE_NOT_FOUND', options);
  return new PictorError(code === 'EACCES' || code === 'EPERM' ? 'SOURCE_REFUSED' : 'SOURCE_FAILED', options);
}

const cancelled = (signal: AbortSignal) =>
  signal.reason instanceof PictorError
    ? signal.reason
    : new PictorError('CANCELLED', { cause: signal.reason });
