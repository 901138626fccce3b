import type { MountPolicy, VerifyPolicy } from '../../request/dialect.ts';
import type { S3imageserverSettings } from './settings.ts';

/** Name of the picture that stands in for all that cannot be had. */
export const errorImageName = 'error';

/** What a mount demands of requests and promises in replies. */
export function s3imageserverPolicy(settings: S3imageserverSettings): MountPolicy {
  const errorImage = settings.assets?.[errorImageName];
  const verify = verifyPolicy(settings.verify);
  return {
    signature: null,
    age: { ttlSeconds: 0, passthrough: false, obeyPrivate: false, expires: false },
    etag: false,
    lastModified: false,
    disposition: false,
    gzipLevel: 0,
    allowedSources: [],
    hiddenParameters: ['t'],
    ...(verify === null ? {} : { verify }),
    ...(errorImage === undefined
      ? {}
      : {
          fallback: {
            uri: errorImage,
            status: 404,
            ttlSeconds: 0,
            noStore: true,
            covers: 'all' as const,
            rawToo: true,
          },
        }),
  };
}

function verifyPolicy(settings: S3imageserverSettings['verify']): VerifyPolicy | null {
  const { key, keyFile, algorithms, audience, issuer } = settings;
  if (key === '' && keyFile === '') return null;
  return {
    key: keyFile === '' ? { text: key } : { file: keyFile },
    algorithms,
    ...(audience === '' ? {} : { audience }),
    ...(issuer === '' ? {} : { issuer }),
  };
}
