import { PictorError } from '../../core/errors.ts';
import type { FixedReply } from '../../request/dialect.ts';
import type { KeepTask, MakeTask, Showing, ShowTask, ToldText } from '../../request/storage.ts';
import { jsonReply, textError } from './json.ts';
import { keyOf, type OriginalName } from './keys.ts';
import { type FileName, mediaTypeOf, parseFileName } from './names.ts';
import { bucket, inputs, originalKey, recipeFor } from './picture.ts';
import type { ImageServerSettings } from './settings.ts';
import { infoText, outputNames, outputRecipe } from './upload.ts';

/** The answer to an extension that is not on the list. */
export const notAvailable: FixedReply = textError(404, '404 image not available. Not Found');

/** Whether a file of this name may be asked for: `original` and `info.json` always. */
export function isAllowed(parsed: FileName, { extensions }: ImageServerSettings): boolean {
  if (parsed.kind === 'original' || parsed.kind === 'info') return true;
  return extensions.length === 0 || extensions.includes(parsed.extension);
}

/**
 * Shows a file of an original, made first where it is a variant that was never asked for.
 * @throws PictorError OPTION_INVALID; OBJECT_NOT_FOUND for names no file can have
 */
export function showTask(name: OriginalName, file: string, settings: ImageServerSettings): ShowTask {
  if (!isFileName(file)) throw new PictorError('OBJECT_NOT_FOUND');
  const parsed = parseFileName(file);
  const recipe = recipeFor(name, { text: file, parsed }, settings);
  return {
    task: 'show',
    bucket,
    key: keyOf(name, file),
    ...(recipe === null ? {} : { recipe }),
    ...(parsed.kind === 'info' ? { told: infoOfOriginal(name) } : {}),
    showing: showingOf(parsed, settings),
    steady: true,
  };
}

/** Of originals that came without it: image-server only logged that it could not be written. */
const infoOfOriginal = (name: OriginalName): ToldText => ({
  original: originalKey(name),
  contentType: 'application/json',
  inputs,
  text: infoText,
});

function showingOf(parsed: FileName, { cacheControl, etag }: ImageServerSettings): Showing {
  return {
    contentType: typeShown(parsed) ?? 'sniffed',
    svg: true,
    pdf: true,
    headers: cacheControl === '' ? {} : { 'Cache-Control': cacheControl },
    lastModified: 'object',
    since: 'compare',
    etag,
    ranges: true,
  };
}

function typeShown(parsed: FileName): string | null {
  if (parsed.kind === 'info') return 'application/json';
  return parsed.kind === 'original' ? null : mediaTypeOf(parsed.extension);
}

/** Makes the variants that are listed, but for those that are there. @throws PictorError OPTION_INVALID */
export function processTask(
  name: OriginalName,
  query: ReadonlyMap<string, string>,
  settings: ImageServerSettings,
): MakeTask {
  const outputs = outputNames(query);
  if (outputs.length === 0) throw new PictorError('OPTION_INVALID', { reason: 'outputs is required' });
  return {
    task: 'make',
    bucket,
    recipes: outputs.map((file) => outputRecipe(name, file, settings)),
    when: 'before',
    reply: { status: 200, body: '' },
  };
}

/** Keeps a file beside an original. @throws PictorError OPTION_INVALID */
export function keepTask(name: OriginalName, file: string, settings: ImageServerSettings): KeepTask {
  if (!isFileName(file) || file === 'original' || file === 'info.json') {
    throw new PictorError('OPTION_INVALID', { reason: `a file must not be called ${JSON.stringify(file)}` });
  }
  return {
    task: 'keep',
    bucket,
    key: keyOf(name, file),
    contentType: typeKept(file),
    maxBytes: settings.maxUploadBytes,
    reply: jsonReply(200, {}),
  };
}

/** Plain text is kept without the set of signs, as the original did. */
function typeKept(file: string): string {
  const [type = 'application/octet-stream'] = (
    mediaTypeOf(file.slice(file.lastIndexOf('.') + 1)) ?? 'application/octet-stream'
  ).split(';', 1);
  return file.includes('.') ? type : 'application/octet-stream';
}

const utf8 = new TextEncoder();

/** Whether a file system takes it as the name of one file. */
const isFileName = (file: string): boolean =>
  !/[\p{Cc}\\/]/u.test(file) && file !== '.' && file !== '..' && utf8.encode(file).length <= 255;
