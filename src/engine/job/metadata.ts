import type { Sharp } from 'sharp';
import { ownershipTexts } from './ownership.ts';
import type { Picture } from './picture.ts';

/** What a chain takes along besides pixels. */
export interface Keeping {
  readonly metadata: boolean;
  readonly copyright: boolean;
  readonly profile: boolean;
  /** EXIF orientation of the result, where metadata is kept. */
  readonly orientation: number;
}

/** Keeps metadata and profile as told. Without metadata, copyright and artist are kept where there are any. */
export function describe(
  chain: Sharp,
  picture: Picture,
  keeping: Keeping,
  exif: Uint8Array | undefined,
): Sharp {
  const { metadata, profile, copyright, orientation } = keeping;
  if (metadata && profile) return setOrientation(chain.keepMetadata(), orientation);
  if (metadata) return chain.withMetadata({ orientation }).withIccProfile('srgb', { attach: false });
  const coloured = profile
    ? chain.keepIccProfile()
    : picture.becomesP3
      ? chain.withIccProfile('srgb', { attach: false })
      : chain;
  const texts = copyright && exif !== undefined ? ownershipTexts(exif) : {};
  return Object.keys(texts).length === 0 ? coloured : coloured.withExif({ IFD0: texts });
}

/** sharp's `withMetadata` sets the orientation, but replaces the profile as well; this is the option behind it. */
function setOrientation(chain: Sharp, orientation: number): Sharp {
  const { options } = chain as unknown as { readonly options: { withMetadataOrientation: number } };
  options.withMetadataOrientation = orientation;
  return chain;
}
