import { PictorError } from '../core/errors.ts';
import type { Source } from '../core/ports.ts';
import { assetScheme } from '../request/dialect.ts';
import { tooLarge } from './too-large.ts';

/** The name is the digest of the bytes: under it nothing ever changes. */
const freshForSeconds = 365 * 86_400;

/** Pictures of the operator's own, which were read at the start. @param assets bytes by URI: `asset:{SHA-256}` */
export function createAssetSource(assets: ReadonlyMap<string, Uint8Array>): Source {
  return {
    schemes: [assetScheme],
    async open(uri, { known, maxBytes }) {
      const bytes = assets.get(uri);
      if (bytes === undefined) throw new PictorError('SOURCE_NOT_FOUND', { detail: uri });
      const etag = `"${uri.slice(assetScheme.length + 1)}"`;
      if (known?.etag === etag) return { status: 'not-modified', freshForSeconds };
      if (bytes.length > maxBytes) throw tooLarge(maxBytes);
      return {
        status: 'found',
        body: {
          stream: (async function* () {
            yield bytes;
          })(),
        },
        size: bytes.length,
        validators: { etag },
        freshForSeconds,
      };
    },
  };
}
