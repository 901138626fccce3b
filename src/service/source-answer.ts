import type { FormatDefinition } from '../core/format.ts';
import type { ImageInfo } from '../core/image-info.ts';
import type { SourceResponse } from '../core/ports.ts';
import { formats } from '../formats/index.gen.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { Sourced } from './variant-record.ts';

/** Headers that belong to one connection, one transfer or one body, and to nobody behind us. */
const ofTheTransfer: ReadonlySet<string> = new Set([
  'age',
  'alt-svc',
  'connection',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'accept-ranges',
  'keep-alive',
  'proxy-authenticate',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What an answer says that may be said to a client. */
export const shownHeaders = ({ headers }: SourceResponse): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ofTheTransfer.has(name)));

/** Types that say nothing: what it is has to be found out. */
const meaningless: ReadonlySet<string> = new Set(['', 'application/octet-stream', 'binary/octet-stream']);

/** The media type an answer gives itself, in lower case and without parameters; null: it gives none that says anything. */
export function declaredType(response: SourceResponse | undefined): string | null {
  const type = (response?.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  return meaningless.has(type) ? null : type;
}

/** Types whose pictures are given as another one in any case. */
const replaced: ReadonlySet<string> = new Set(['image/webp', 'image/tiff']);

const isUntouched = ({ operations, output }: ImageRequest): boolean =>
  operations.length === 0 && output.untouched !== undefined && output.format.preferred === undefined;

/**
 * The type that decides whether a picture is given, under rules: what its source calls it, unless the picture was made
 * into another format because the URL or the source's format wants it. Null: the type of the picture itself.
 */
export function typeToCheck(
  image: ImageRequest,
  { originals, rules }: Sourced,
  made: { readonly source: Pick<ImageInfo, 'format'> },
): string | null {
  if (rules?.anyAnswer !== true || image.output.format.exact !== undefined) return null;
  const declared = declaredType(originals[0]?.response);
  if (declared !== null) return !isUntouched(image) && replaced.has(declared) ? null : declared;
  return (formats as Readonly<Record<string, FormatDefinition>>)[made.source.format]?.mediaTypes[0] ?? null;
}
