import { PictorError } from '../../core/errors.ts';

/** What a cursor belongs to: it leads on in no other list. */
export interface CursorPlace {
  readonly mount: string;
  readonly bucket: string;
  readonly prefix: string;
}

/** A place in a list as opaque text. */
export const writeCursor = ({ mount, bucket, prefix }: CursorPlace, after: string): string =>
  Buffer.from(JSON.stringify([mount, bucket, prefix, after])).toString('base64url');

/** The key after which the list goes on. @throws PictorError OPTION_INVALID for a text that is no cursor of this list */
export function readCursor({ mount, bucket, prefix }: CursorPlace, text: string | undefined): string {
  if (text === undefined) return '';
  const parts = parsed(Buffer.from(text, 'base64url').toString());
  if (Array.isArray(parts) && parts.length === 4) {
    const [ofMount, ofBucket, ofPrefix, after] = parts as unknown[];
    if (ofMount === mount && ofBucket === bucket && ofPrefix === prefix && typeof after === 'string')
      return after;
  }
  throw new PictorError('OPTION_INVALID', { reason: 'cursor: not one of this list' });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
