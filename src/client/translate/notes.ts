import type { Colour } from '../../core/geometry.ts';
import { mayBeTransparent, mayMove } from './source-name.ts';
import type { Wish, WishedBox, WishedPicture } from './wish.ts';

/** What may differ, one sentence each, where the original could show it. */
type Notes = readonly string[];

/** Pictures smaller than a box they are to cover: each language has its own rule for them. */
export const smallNote = (box: WishedBox | null, there: WishedBox['small'], name: string): Notes =>
  box === null || box.by !== 'cover' || box.grows || box.small === there
    ? []
    : [`Pictures smaller than the box get another size from ${name}.`];

/** No two servers find the same part interesting. */
export const cutNote = ({ box, keeps }: WishedPicture): Notes =>
  keeps === 'interesting' && box?.by === 'cover'
    ? ['What is interesting in a picture is found in another way there.']
    : [];

export const orientationNote = (name: string, { upright }: WishedPicture): Notes =>
  upright ? [] : [`${name} turns pictures upright by their EXIF orientation.`];

/** @param there what the other server puts under transparent parts of this format; null: nothing */
export function backdropNote(
  source: string,
  { backdrop, flattens, format }: WishedPicture,
  there: { readonly name: string; readonly colour: Colour | null },
): Notes {
  if (!mayBeTransparent(source)) return [];
  const here = flattens || format === 'jpeg' ? backdrop : null;
  if (textOf(here) === textOf(there.colour)) return [];
  return there.colour === null
    ? [`Transparent parts stay transparent with ${there.name}.`]
    : [`Transparent parts lie on ${textOf(there.colour)} with ${there.name}.`];
}

function textOf(colour: Colour | null): string {
  if (colour === null) return '';
  const { r, g, b } = colour;
  const sum = r + g + b;
  return sum === 0 ? 'black' : sum === 3 * 255 ? 'white' : `rgb(${r}, ${g}, ${b})`;
}

/** Formats that can hold several frames; null: that of the original. */
const moving: ReadonlySet<string | null> = new Set(['gif', 'webp', 'avif', 'jxl', null]);

export function animationNote(
  source: string,
  { moves, format }: WishedPicture,
  there: { readonly name: string; readonly moves: boolean },
): Notes {
  if (moves === there.moves || !mayMove(source) || !moving.has(format)) return [];
  return there.moves
    ? [`Animations keep moving with ${there.name}.`]
    : [`Of animations ${there.name} shows the first frame.`];
}

/** For languages that say nothing of it. */
export const deliveryNotes = ({ filename, attachment, expiresAt }: Wish['delivery']): Notes => [
  ...(filename === undefined && attachment !== true ? [] : ['How to save the picture is left out.']),
  ...(expiresAt === undefined ? [] : ['The URL does not expire there.']),
];
