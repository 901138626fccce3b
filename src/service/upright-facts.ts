import type { ImageInfo } from '../core/image-info.ts';
import { formats } from '../formats/index.gen.ts';
import type { UploadFacts } from '../request/storage.ts';

/** What the header of a picture says of it as an upload: its type, and its size when it is held upright. */
export const uprightFacts = (info: ImageInfo): Pick<UploadFacts, 'mediaType' | 'width' | 'height'> => ({
  mediaType: mediaTypeOf(info),
  ...uprightSize(info),
});

const mediaTypeOf = ({ format }: ImageInfo): string =>
  Object.values(formats).find(({ name }) => name === format)?.mediaTypes[0] ?? 'application/octet-stream';

/** EXIF 5 to 8 are turned by a quarter. */
const uprightSize = ({ width, height, orientation }: ImageInfo) =>
  orientation >= 5 ? { width: height, height: width } : { width, height };
