import { PictorError } from '../../core/errors.ts';
import { decodePercent } from '../../lib/url-text.ts';
import type { ParsedRequest, RequestHints } from '../../request/dialect.ts';
import { readInteger } from './arguments.ts';
import { formatNamed } from './format-names.ts';
import { outputSpec } from './output.ts';
import type { ImgproxyRules } from './rules.ts';
import { decodedSource, isAbsolute, sourceUri } from './source.ts';
import { type V1Type, v1Operations } from './v1-operations.ts';

/** Parts of a v1 path, escapes resolved. */
export interface V1Path {
  readonly signature: string;
  /** What was signed. */
  readonly message: string;
  readonly type: V1Type;
  readonly width: string;
  readonly height: string;
  readonly gravity: string;
  readonly enlarge: string;
  /** Base64 and extension, slashes taken out. */
  readonly tail: string;
}

const types: ReadonlySet<string> = new Set(['fit', 'fill', 'crop']);
const gravities: ReadonlySet<string> = new Set(['ce', 'no', 'so', 'ea', 'we', 'sm']);
const savable: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp']);

/**
 * Takes a path apart when it is one of v1: at least seven parts, the second of them `fit`, `fill` or `crop`. No path of
 * v4 looks like that, so both grammars live in one mount. Escapes are resolved before splitting and signing, as v1 did.
 */
export function splitV1(path: string): V1Path | null {
  const decoded = decodePercent(path);
  if (decoded === null) return null;
  const parts = (decoded.startsWith('/') ? decoded.slice(1) : decoded).split('/');
  const [signature = '', type = '', width = '', height = '', gravity = '', enlarge = '', ...tail] = parts;
  if (tail.length === 0 || !types.has(type)) return null;
  return {
    signature,
    message: `/${parts.slice(1).join('/')}`,
    type: type as V1Type,
    width,
    height,
    gravity,
    enlarge,
    tail: tail.join(''),
  };
}

/** Reads a path of v1. @throws PictorError URL_INVALID, OPTION_INVALID, SOURCE_INVALID, OPERATION_IMPOSSIBLE */
export function parseV1(path: V1Path, rules: ImgproxyRules, hints: RequestHints): ParsedRequest {
  const width = readSide(path.width);
  const height = readSide(path.height);
  if (!gravities.has(path.gravity)) throw invalid(`gravity ${path.gravity}`);
  const { source, format } = readTail(path.tail, rules);
  if (width < 0 || height < 0) throw new PictorError('OPERATION_IMPOSSIBLE', { detail: 'a negative side' });
  const operations = v1Operations({ ...path, width, height, enlarge: path.enlarge !== '0' }, rules);
  return {
    image: { source, operations, output: outputSpec({ format }, rules, hints) },
    delivery: { vary: rules.enforceFormats.length > 0 ? ['Accept'] : [] },
    grant:
      rules.keys.length === 0
        ? { type: 'none' }
        : { type: 'hmac', message: path.message, signature: path.signature },
  };
}

const invalid = (detail: string): PictorError =>
  new PictorError('OPTION_INVALID', { detail: detail.slice(0, 200) });

function readSide(text: string): number {
  const side = readInteger(text);
  if (side === null) throw invalid(`side ${text}`);
  return side;
}

/** `{base64}[.{ext}]`; what follows a second dot is not looked at. Without extension: JPEG. */
function readTail(tail: string, rules: ImgproxyRules): { source: string; format: string } {
  const [encoded = '', extension = 'jpg'] = tail.split('.');
  const format = formatNamed(extension);
  if (format === null || !savable.has(format)) throw invalid(`extension ${extension}`);
  const text = decodedSource(encoded);
  if (!isAbsolute(text)) {
    throw new PictorError('URL_INVALID', { detail: 'source is neither an absolute URL nor a path' });
  }
  return { source: literalLocal(sourceUri(text, rules)), format };
}

/** v1 read local sources as URLs: no host, escapes resolved, no query. From here on the path is literal text. */
function literalLocal(uri: string): string {
  const match = /^local:\/\/[^/?#]*([^?#]*)/i.exec(uri);
  if (match === null) return uri;
  const path = decodePercent(match[1]!);
  if (path === null) throw new PictorError('URL_INVALID', { detail: 'broken escape in a local source' });
  return `local://${path}`;
}
