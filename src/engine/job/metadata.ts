import type { Sharp } from 'sharp';
import { type Ownership, ownershipXmp } from './ownership.ts';
import type { Picture } from './picture.ts';

/** What a chain takes along besides pixels. */
export interface Keeping {
  readonly metadata: boolean;
  /** Copyright and artist, for a picture that has no EXIF of its own: sharp would mix in its thumbnail and its unknown tags. */
  readonly ownership: Ownership;
  /** Where those two are written. */
  readonly ownershipIn: 'exif' | 'xmp';
  readonly profile: boolean;
  /** EXIF orientation of the result, where metadata is kept. */
  readonly orientation: number;
}

/** Keeps metadata and profile as told. Without metadata, copyright and artist are written where there are any. */
export function describe(chain: Sharp, picture: Picture, keeping: Keeping): Sharp {
  const { metadata, profile, ownership, ownershipIn, orientation } = keeping;
  if (metadata && profile) return setOrientation(chain.keepMetadata(), orientation);
  if (metadata) return chain.withMetadata({ orientation }).withIccProfile('srgb', { attach: false });
  // AVIF and TIFF say how they lie outside EXIF, so the orientation of the source would get there without any metadata.
  const upright = setDensity(setOrientation(chain, 1));
  const coloured = profile
    ? upright.keepIccProfile()
    : picture.becomesP3
      ? upright.withIccProfile('srgb', { attach: false })
      : upright;
  if (Object.keys(ownership).length === 0) return coloured;
  return ownershipIn === 'xmp'
    ? coloured.withXmp(ownershipXmp(ownership))
    : coloured.withExif({ IFD0: ownership });
}

/** Dots per inch, which JPEG, PNG and TIFF always carry, of a picture that says nothing of its origin. */
function setDensity(chain: Sharp): Sharp {
  const { options } = chain as unknown as { readonly options: { withMetadataDensity: number } };
  options.withMetadataDensity = 72;
  return chain;
}

/** sharp's `withMetadata` sets the orientation, but replaces the profile as well; this is the option behind it. */
function setOrientation(chain: Sharp, orientation: number): Sharp {
  const { options } = chain as unknown as { readonly options: { withMetadataOrientation: number } };
  options.withMetadataOrientation = orientation;
  return chain;
}
