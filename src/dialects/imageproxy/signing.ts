import type { Grant } from '../../request/dialect.ts';
import { optionsText, type UrlOptions } from './options.ts';
import type { ImageproxyRules } from './rules.ts';

/** What a signature that covers the options is made of: the URL, and the canonical options without the signature as its fragment. */
export const signedText = (remote: string, options: UrlOptions): string =>
  `${remote}#${optionsText({ ...options, signature: '' })}`;

/**
 * Either the URL alone is signed, or URL and options. The first allows any options with it; that is how it was, and
 * `requireOptionSignature` ends it.
 */
export function grantFor(remote: string, options: UrlOptions, rules: ImageproxyRules): Grant {
  if (rules.keys.length === 0) return { type: 'none' };
  const message = signedText(remote, options);
  return {
    type: 'hmac',
    message,
    ...(rules.requireOptionSignature ? {} : { orMessages: [remote] }),
    signature: withoutPadding(options.signature),
  };
}

/** 32 bytes are 43 letters and one `=`, which may be left out. */
const withoutPadding = (signature: string): string =>
  signature.length === 44 && signature.endsWith('=') ? signature.slice(0, -1) : signature;
