import { PictorError } from '../../core/errors.ts';
import type { Operation } from '../../operations/index.gen.ts';
import { canonicalText, readsAs } from '../../request/canonical.ts';
import type { ImageRequest } from '../../request/image-request.ts';
import { originalScheme } from '../../request/storage.ts';
import { folderOf, originalOfKey } from './keys.ts';

const extensions: Readonly<Record<string, string>> = {
  jpeg: 'jpg',
  png: 'png',
  webp: 'webp',
  gif: 'gif',
  heic: 'heic',
};

/**
 * The path that asks for a picture. A name is put down as well as it can be; what reads back as the same picture is the answer.
 * @param read reads a path back; @throws PictorError
 * @throws PictorError OPTION_INVALID when the grammar cannot say it under these settings
 */
export function formatRequest(
  image: ImageRequest,
  defaultQuality: number,
  read: (path: string) => ImageRequest,
): string {
  const name = originalOfKey(image.source.replace(`${originalScheme}:/`, ''));
  if (name !== null) {
    const path = `/${folderOf(name)}/${fileFor(image, defaultQuality)}`;
    if (readsAs(path, read) === canonicalText(image)) return path;
  }
  throw new PictorError('OPTION_INVALID', { detail: 'image-server URLs cannot say this' });
}

type OperationOf<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

function fileFor({ operations, output }: ImageRequest, defaultQuality: number): string {
  if (operations.length === 0) return 'original';
  const find = <Name extends Operation['op']>(name: Name): OperationOf<Name> | undefined =>
    operations.find((each): each is OperationOf<Name> => each.op === name);
  const { quality = defaultQuality } = output;
  const extension = extensions[output.format.exact ?? ''] ?? '';
  return `${sizeText(find('crop'), find('cover'))}${quality === defaultQuality ? '' : `-q${quality}`}.${extension}`;
}

function sizeText(crop: OperationOf<'crop'> | undefined, cover: OperationOf<'cover'> | undefined): string {
  const { width = 0, height = 0 } = cover ?? {};
  if (crop?.corners !== undefined) {
    const { left, top, right, bottom } = crop.corners;
    const shares = [left, top, right, bottom].map((share) => share.toFixed(3)).join('_');
    return `c${shares}${width === 0 ? '' : `-w${width}`}`;
  }
  if (width === 0) return 'full_size';
  if (height === 0) return `w${width}`;
  return width === height ? `x${width}` : `${width}x${height}`;
}
