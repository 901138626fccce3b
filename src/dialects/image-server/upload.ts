import { PictorError } from '../../core/errors.ts';
import { originalUri, type Recipe, type UploadFacts, type UploadTask } from '../../request/storage.ts';
import { compactJson, jsonReply } from './json.ts';
import { keyOf } from './keys.ts';
import { formatOf, parseFileName } from './names.ts';
import { bucket, inputs, recipeFor } from './picture.ts';
import type { ImageServerSettings } from './settings.ts';

interface UploadCall {
  readonly namespace: string;
  /** Fields of the query. */
  readonly query: ReadonlyMap<string, string>;
  readonly declaredType: string;
}

/**
 * Takes an original in: kept under the MD5 of its bytes, beside `info.json`; then the variants.
 * @throws PictorError SOURCE_INVALID, OPTION_INVALID with a reason for the client
 */
export function uploadTask(
  { namespace, query, declaredType }: UploadCall,
  settings: ImageServerSettings,
): UploadTask {
  const source = query.get('source') ?? '';
  const asked = outputNames(query);
  const outputs = asked.length > 0 ? asked : settings.outputs;
  const check = (hash: string) => outputs.map((file) => outputRecipe({ namespace, hash }, file, settings));
  // A wrong name is told before a byte is read.
  check('0'.repeat(32));
  return {
    task: 'upload',
    bucket,
    ...(source === '' ? {} : { from: sourceUrl(source) }),
    declaredType,
    maxBytes: settings.maxUploadBytes,
    plainSvg: true,
    inputs,
    rewrite: null,
    // Whoever finds the info finds its original: of an upload that fails in between, nobody is told.
    objects: (facts) => [
      {
        key: keyOf({ namespace, hash: facts.md5 }, 'original'),
        body: 'picture',
        contentType: contentTypeOf(facts.mediaType),
      },
      {
        key: keyOf({ namespace, hash: facts.md5 }, 'info.json'),
        body: { text: infoText(facts) },
        contentType: 'application/json',
      },
    ],
    variants: (facts) => check(facts.md5).map((recipe) => ({ recipe, when: 'before' })),
    reply: (facts) => jsonReply(200, infoOf(facts)),
  };
}

/** The names in `outputs`, each once. */
export const outputNames = (query: ReadonlyMap<string, string>): readonly string[] => [
  ...new Set(
    (query.get('outputs') ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ),
];

/** @throws PictorError OPTION_INVALID */
export function outputRecipe(
  name: { readonly namespace: string; readonly hash: string },
  file: string,
  settings: ImageServerSettings,
): Recipe {
  const parsed = parseFileName(file);
  const recipe = /[/\\]/.test(file) ? null : recipeFor(name, { text: file, parsed }, settings);
  if (recipe !== null) return recipe;
  const unknown = 'extension' in parsed && formatOf(parsed.extension) === null;
  const reason = `invalid output ${JSON.stringify(file)}${unknown ? ': unknown format' : ''}`;
  throw new PictorError('OPTION_INVALID', { reason, detail: reason });
}

/** HEIC goes by the general name. */
export const contentTypeOf = (mediaType: string): string =>
  mediaType === 'image/heic' ? 'image/heif' : mediaType;

const infoOf = ({
  md5,
  mediaType,
  width,
  height,
}: UploadFacts): Readonly<Record<string, string | number>> => ({
  hash: md5,
  height,
  width,
  content_type: contentTypeOf(mediaType),
});

/** What `info.json` holds. */
export const infoText = (facts: UploadFacts): string => compactJson(infoOf(facts));

/**
 * What is asked for instead of the body: slashes in front of the path are one, escapes stay as they are.
 * @throws PictorError SOURCE_INVALID
 */
export function sourceUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    const reason = 'source must be an http or https URL';
    throw new PictorError('SOURCE_INVALID', { reason, detail: reason });
  }
  url.pathname = url.pathname.replace(/^\/+/, '/');
  url.hash = '';
  return url.href;
}

/** The URI of an original in the one bucket there is. */
export const uriOf = (namespace: string, hash: string): string =>
  originalUri(bucket, keyOf({ namespace, hash }, 'original'));
