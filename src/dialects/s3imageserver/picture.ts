import type { Operation } from '../../operations/index.gen.ts';
import type { ImageRequest, OutputSpec } from '../../request/image-request.ts';
import type { AskedPicture, FormatWord } from './query.ts';

const quality = 75;
const black = { r: 0, g: 0, b: 0 };

/**
 * What is handed over as it came, whatever format is asked for: pictures the original server's library could not read
 * and its sniffing knew.
 */
const untouched: readonly string[] = ['gif', 'bmp', 'ico'];

const outputs: Readonly<Record<FormatWord, OutputSpec>> = {
  jpg: {
    ...outputAs('jpeg'),
    matte: black,
    encoder: { jpeg: { optimiseCoding: true, chromaSubsampling: '4:2:0' } },
  },
  png: outputAs('png'),
  webp: outputAs('webp'),
};

/** Preferred, not exact: an exact format would leave nothing untouched. Of one preference there is no choice either. */
function outputAs(format: string): OutputSpec {
  return {
    format: { preferred: [format] },
    ...(format === 'png' ? {} : { quality }),
    frames: 1,
    copyright: false,
    untouched,
  };
}

/** The picture asked for. What cannot change it is left out, so that one picture has one key. */
export function pictureOf(source: string, asked: AskedPicture, autoOrient: boolean): ImageRequest {
  return {
    source,
    operations: [...(autoOrient ? [{ op: 'auto-orient' } as const] : []), ...thumbnailOf(asked)],
    output: outputs[asked.format],
  };
}

function thumbnailOf({ width, height, crop }: AskedPicture): readonly Operation[] {
  if (width === 0 && height === 0) return [];
  return [
    {
      op: 'thumbnail',
      ...(width === 0 ? {} : { width }),
      ...(height === 0 ? {} : { height }),
      // With one side there is nothing to cut.
      ...(crop && width > 0 && height > 0 ? { cover: true } : {}),
    },
  ];
}

/** The inverse, as well as it can be done: whoever asks reads the URL back and compares. */
export function askedOf({ operations, output }: ImageRequest): AskedPicture {
  const thumbnail = operations.find((each) => each.op === 'thumbnail');
  const { width = 0, height = 0, cover = false } = thumbnail ?? {};
  const [wanted = 'webp'] = output.format.preferred ?? [];
  const format = wanted === 'jpeg' ? 'jpg' : wanted === 'png' ? 'png' : 'webp';
  return { width, height, crop: cover || width === 0 || height === 0, format };
}
