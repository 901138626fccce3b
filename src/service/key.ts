import { createHash } from 'node:crypto';
import { canonicalText } from '../request/canonical.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { SourceRules } from './source-rules.ts';

/** Raised when pixels change on purpose: every variant made before is then out of reach and ages away. */
const pixelEpoch = 1;

/** What a key depends on besides the picture. */
export interface KeyScope {
  /** Of an original: the one asked for; absent: the one all share that ask for none. */
  readonly edition?: string | undefined;
  /** For whom alone it is; absent: for everybody. */
  readonly audience?: string | undefined;
  /** Under which it was fetched; absent: the usual ones. */
  readonly rules?: Pick<SourceRules, 'name' | 'names'> | undefined;
}

/**
 * Key of a variant: 64 hex digits of epoch and canonical text of the request, behind the name that another server had for
 * it, where the rules give one. Signature and delivery never change it.
 */
export function variantKey(image: ImageRequest, scope: KeyScope = {}): string {
  return named(scope.rules?.names?.variant, hashed(`${pixelEpoch}\n${canonicalText(image)}`, scope));
}

/** Key of an original, made likewise. */
export function originalKey(uri: string, scope: KeyScope = {}): string {
  return named(scope.rules?.names?.original, hashed(`original\n${uri}`, scope));
}

function hashed(text: string, { audience, rules, edition }: KeyScope): string {
  const hash = createHash('sha256');
  if (edition !== undefined) hash.update(`edition ${edition}\n`);
  if (audience !== undefined) hash.update(`for ${audience}\n`);
  if (rules !== undefined) hash.update(`under ${rules.name}\n`);
  return hash.update(text).digest('hex');
}

/** The name alone would do for nobody but friends: MD5 collisions are made in seconds. */
const named = (name: string | undefined, key: string): string =>
  name === undefined ? key : `${createHash('md5').update(name).digest('hex')}.${key}`;

/** Opaque strong ETag text: changes with the request, the epoch and any of the originals' versions. */
export function etagOf(key: string, version: string): string {
  return createHash('sha256').update(`${key}\n${version}`).digest('base64url').slice(0, 27);
}
