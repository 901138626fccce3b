import { hash } from 'node:crypto';
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
 * Key of a variant: 64 hex digits that begin with those of its main source (`keyStart`), then of epoch and canonical text of
 * the request; behind the name that another server had for it, where the rules give one. Signature and delivery never
 * change it.
 */
export function variantKey(image: ImageRequest, scope: KeyScope = {}): string {
  const rest = hashed(`${pixelEpoch}\n${canonicalText(image)}`, scope);
  return named(scope.rules?.names?.variant, begunBy(image.source, rest));
}

/** Key of an original, made likewise. */
export function originalKey(uri: string, scope: KeyScope = {}): string {
  return named(scope.rules?.names?.original, begunBy(uri, hashed(`original\n${uri}`, scope)));
}

/** Key of an object of a bucket, made likewise. */
export const objectKey = (uri: string): string => begunBy(uri, hashed(`object\n${uri}`, {}));

const startDigits = 8;

const digits = (text: string): string => hash('sha256', text).slice(0, startDigits);

/** What the keys begin with of all that lies in the same place: host, or storage and bucket. */
export const placeStart = (uri: string): string =>
  digits(/^original:\/\/[^/]*\/[^/]*\/|^[^:]*:\/*[^/]*/.exec(uri)?.[0] ?? '');

/**
 * What the keys begin with of all that is made of one source first of all. Others may begin so too: it says where to look,
 * and spares a look at everything else.
 */
export const keyStart = (uri: string): string => placeStart(uri) + digits(uri);

const begunBy = (uri: string, digest: string): string => keyStart(uri) + digest.slice(2 * startDigits);

function hashed(text: string, { audience, rules, edition }: KeyScope): string {
  const scope = [
    edition === undefined ? '' : `edition ${edition}\n`,
    audience === undefined ? '' : `for ${audience}\n`,
    rules === undefined ? '' : `under ${rules.name}\n`,
  ].join('');
  return hash('sha256', scope + text);
}

/** The name alone would do for nobody but friends: MD5 collisions are made in seconds. */
const named = (name: string | undefined, key: string): string =>
  name === undefined ? key : `${hash('md5', name)}.${key}`;

/** Opaque strong ETag text: changes with the request, the epoch and any of the originals' versions. */
export function etagOf(key: string, version: string): string {
  return hash('sha256', `${key}\n${version}`, 'base64url').slice(0, 27);
}
