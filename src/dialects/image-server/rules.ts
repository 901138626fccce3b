import { s3PlaceOf } from '../../request/s3-place.ts';
import type { StoragePlace } from '../../request/storage.ts';
import { keyPrefix, publicUrl } from './keys.ts';
import { type ImageServerSettings, imageServerSettings } from './settings.ts';

/** Where the objects of a mount are. Without a bucket to copy them to, nothing in the folder is ever removed. */
export function placeOf({ storage }: ImageServerSettings): StoragePlace {
  const { root, remote, path, publicUrl: baseUrl, readByUrl, s3, concurrency, maxAgeMinutes } = storage;
  const url = publicUrl({ baseUrl, path }, '');
  const place = { kind: 'mirrored', root, concurrency } as const;
  switch (remote) {
    case 'none':
      return { kind: 'folder', root, single: true };
    case 'http':
      return { ...place, remote: { url }, maxAgeMinutes: 0 };
    case 's3':
      return {
        ...place,
        remote: {
          s3: s3PlaceOf(s3, keyPrefix(path)),
          ...(readByUrl === 'never' ? {} : { alsoBy: { url, when: readByUrl } }),
        },
        maxAgeMinutes,
      };
  }
}

/** What the public URL of a key is; a relative one where no base is set. */
export const urlTeller =
  ({ storage }: ImageServerSettings) =>
  (key: string): string =>
    publicUrl({ baseUrl: storage.publicUrl, path: storage.path }, key);

/** Every setting of a mount, in the order of the schema. */
export function effectiveSettings(settings: ImageServerSettings): Readonly<Record<string, unknown>> {
  const values: Readonly<Record<string, unknown>> = settings;
  return Object.fromEntries(
    Object.keys(imageServerSettings.shape).map((name) => [name, values[name] ?? null]),
  );
}
