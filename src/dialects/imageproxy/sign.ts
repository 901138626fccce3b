import { PictorError } from '../../core/errors.ts';
import { escapedPath, formatGoUrl, GoUrlError, parseGoUrl } from './go-url.ts';
import { parseOptions } from './options.ts';
import { splitTarget } from './remote.ts';
import { signedText } from './signing.ts';

interface SigningOptions {
  /** Sign the URL alone; any options may then be asked for. */
  readonly urlOnly: boolean;
}

/**
 * The text to sign for a URL: that of a request to an imageproxy server (`http://localhost:8080/10,r90/http://example.com/`),
 * or a remote URL with options as its fragment. A signature that is there already is left out.
 * @throws PictorError URL_INVALID with a reason
 */
export function signingInput(url: string, { urlOnly }: SigningOptions): string {
  const { remote, options } = takeApart(url);
  if (urlOnly) return remote;
  return signedText(remote, parseOptions(options));
}

function takeApart(url: string): { readonly remote: string; readonly options: string } {
  const [text = '', ...fragment] = url.split('#');
  const parsed = parsedUrl(text);
  const request = requestBehind(parsed.path, parsed.query ?? '');
  return request ?? { remote: formatGoUrl(parsed), options: decodeFragment(fragment.join('#')) };
}

function parsedUrl(text: string) {
  try {
    return parseGoUrl(text);
  } catch (thrown) {
    if (thrown instanceof GoUrlError) {
      throw new PictorError('URL_INVALID', {
        reason: `error parsing URL: ${thrown.message}`,
        detail: thrown.message,
      });
    }
    throw thrown;
  }
}

/** The request that a path asks for; null when it is none, and the URL is a remote one itself. */
function requestBehind(path: string, query: string) {
  try {
    return splitTarget({ raw: path, path: escapedPath(path), query }, null);
  } catch (thrown) {
    if (thrown instanceof PictorError && thrown.code === 'URL_INVALID') return null;
    throw thrown;
  }
}

function decodeFragment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
