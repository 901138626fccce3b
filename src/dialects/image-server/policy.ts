import type { MountPolicy, ReplyStyle } from '../../request/dialect.ts';
import type { ImageServerSettings } from './settings.ts';

/** What a mount demands of requests. How pictures are sent is said by each task. */
export function imageServerPolicy({ signatures, etag }: ImageServerSettings): MountPolicy {
  const { uploads, secrets, secretsFile } = signatures;
  return {
    signature: null,
    ...(uploads ? { signedUrls: { secrets, ...(secretsFile === '' ? {} : { secretsFile }) } } : {}),
    // Until it runs out, whoever reads it in a log may upload.
    hiddenParameters: ['X-Signature'],
    age: { ttlSeconds: 0, passthrough: false, obeyPrivate: false, expires: false },
    etag,
    lastModified: true,
    disposition: false,
    gzipLevel: 0,
    allowedSources: [],
  };
}

/** Each task puts its failures itself; what is left is what fails before there is one. */
export function imageServerReplies(): ReplyStyle {
  return {
    errors: {},
    otherwise: 'catalogue',
    contentType: 'text/plain; charset=utf-8',
    headers: {},
    routes: [],
    head: 'as-get',
    options: 'as-get',
    anyMethod: true,
  };
}
