import { PictorError } from '../../core/errors.ts';
import { canonicalText, freezeRequest } from '../../request/canonical.ts';
import type { ImageRequest, OutputSpec } from '../../request/image-request.ts';
import { originalScheme, originalUri, type Recipe } from '../../request/storage.ts';
import { escapePath } from './route.ts';
import { type AskedSize, queryFor } from './size.ts';

/** An original by its place in the storage. */
interface Place {
  readonly bucket: string;
  readonly image: string;
}

/** Every format that is handed over as it is. */
const allFormats = ['avif', 'bmp', 'gif', 'heic', 'ico', 'jpeg', 'jxl', 'png', 'svg', 'tiff', 'webp'];

const black = { r: 0, g: 0, b: 0 };

const quality = 80;

/** Baseline JPEG without a word about the picture. */
const jpegOutput = (jpegQuality: number, optimiseCoding: boolean): OutputSpec => ({
  format: { exact: 'jpeg' },
  quality: jpegQuality,
  encoder: { jpeg: { chromaSubsampling: '4:2:0', ...(optimiseCoding ? { optimiseCoding } : {}) } },
  copyright: false,
  matte: black,
});

/** The picture that a size of an original is; the original itself for none. */
export function pictureOf({ bucket, image }: Place, size: AskedSize): ImageRequest {
  const source = originalUri(bucket, image);
  if (size.width === 0) {
    return freezeRequest({ source, operations: [], output: { format: {}, untouched: allFormats } });
  }
  return freezeRequest({
    source,
    operations: [
      { op: 'auto-orient' },
      { op: 'narrow', width: size.width, ...(size.square ? { square: true } : {}) },
    ],
    output: jpegOutput(quality, true),
  });
}

/** Where a size of an original is kept: `c` comes before `s`. */
export const keyOf = (image: string, { width, square }: AskedSize): string =>
  `${image}${square ? '/c' : ''}/s/${width}`;

/** How a size of an original is made and where it is kept. The width is not 0. */
export function recipeFor(place: Place, size: AskedSize): Recipe {
  const key = keyOf(place.image, size);
  return {
    originals: [place.image],
    image: pictureOf(place, size),
    keep: { key },
    label: { filename: key.slice(place.image.length + 1), format: 'jpeg', quality },
  };
}

/** A JPEG as it is kept when it was uploaded: upright, and nothing in it that tells where and with what it was taken. */
export const uploadedJpeg = (source: string): ImageRequest =>
  freezeRequest({ source, operations: [{ op: 'auto-orient' }], output: jpegOutput(75, false) });

/**
 * The path and query that ask for a picture.
 * @throws PictorError OPTION_INVALID when the grammar cannot say it
 */
export function formatPicture(image: ImageRequest): string {
  const match = /^([^:]+):([^/]+)\/([^/]+)$/s.exec(image.source);
  const narrow = image.operations.find((operation) => operation.op === 'narrow');
  const size: AskedSize = { width: narrow?.width ?? 0, square: narrow?.square === true };
  const [, scheme, bucket = '', name = ''] = match ?? [];
  const place = { bucket, image: name };
  if (scheme !== originalScheme || canonicalText(pictureOf(place, size)) !== canonicalText(image)) {
    throw new PictorError('OPTION_INVALID', { detail: 'vip URLs cannot say this' });
  }
  return escapePath(`/${bucket}/${name}`) + queryFor(size);
}
