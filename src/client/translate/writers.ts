import { PictorError } from '../../core/errors.ts';
import { originalOfKey } from '../../dialects/image-server/keys.ts';
import { formatWords as imageproxyFormats } from '../../dialects/imageproxy/options.ts';
import { encodeBase64Url } from '../../lib/base64url.ts';
import { escapePath } from '../escape.ts';
import { picturePath, variantName } from '../image-server/names.ts';
import { imageproxyUrl } from '../imageproxy.ts';
import { imgproxyUrl } from '../imgproxy.ts';
import { animationNote, backdropNote, cutNote, deliveryNotes, orientationNote, smallNote } from './notes.ts';
import { formatBySource, mayBeTransparent } from './source-name.ts';
import {
  black,
  swapped,
  type Translation,
  type TranslationPlace,
  type Wish,
  type WishedPicture,
  white,
} from './wish.ts';

type Writer = (wish: Wish, place: TranslationPlace | undefined) => Promise<Translation> | Translation;

const refused = (reason: string): PictorError => new PictorError('OPTION_INVALID', { reason });

async function toImgproxy({ source, picture, delivery }: Wish): Promise<Translation> {
  const handing = deliveryOptions(delivery);
  if (picture === null) {
    return { url: await imgproxyUrl({ source, options: { raw: true, ...handing } }), notes: [] };
  }
  const { trims, turn, mirror, format, quality, keeps, upright } = picture;
  // Here the box is meant as the picture lies after the turn.
  const box = picture.box !== null && turn % 180 !== 0 ? swapped(picture.box) : picture.box;
  const types = { inside: 'fit', cover: 'fill', exact: 'force' } as const;
  const options = {
    ...(box === null ? {} : { rs: [types[box.by], box.width, box.height, ...(box.grows ? [1] : [])] }),
    ...(keeps === 'interesting' ? { g: 'sm' } : {}),
    ...(trims ? { t: 10 } : {}),
    ...(upright ? {} : { ar: false }),
    ...(turn === 0 ? {} : { rot: turn }),
    ...(mirror.horizontal || mirror.vertical ? { fl: [mirror.horizontal, mirror.vertical] } : {}),
    ...backgroundOption(source, picture),
    ...(quality === null ? {} : { q: quality }),
    ...handing,
  };
  const url = await imgproxyUrl({
    source,
    options,
    ...(format === null ? {} : { format: format === 'jpeg' ? 'jpg' : format }),
  });
  return {
    url,
    notes: [
      ...(trims ? ['What counts as border is up to a threshold here.'] : []),
      ...cutNote(picture),
      ...smallNote(box, 'clipped', 'imgproxy'),
      ...animationNote(source, picture, { name: 'imgproxy', moves: true }),
    ],
  };
}

/** Its own is white, and only where the format needs one. */
function backgroundOption(
  source: string,
  { backdrop, flattens, format }: WishedPicture,
): { readonly bg?: readonly number[] } {
  const { r, g, b } = backdrop;
  if (!mayBeTransparent(source)) return {};
  const isWhite = r + g + b === 3 * 255;
  const isNeeded = format === 'jpeg' ? !isWhite : flattens;
  return isNeeded ? { bg: [r, g, b] } : {};
}

function deliveryOptions({ filename, attachment, expiresAt }: Wish['delivery']) {
  return {
    // As it is where nothing in it could be read as something else.
    ...(filename === undefined
      ? {}
      : {
          fn: /^[\w.-]+$/.test(filename)
            ? filename
            : [encodeBase64Url(new TextEncoder().encode(filename)), 1],
        }),
    ...(attachment === undefined ? {} : { att: attachment }),
    ...(expiresAt === undefined ? {} : { exp: expiresAt }),
  };
}

async function toImageproxy({ source, picture, delivery }: Wish): Promise<Translation> {
  if (!/^https?:/.test(source)) throw refused('imageproxy reads http and https sources only');
  const handing = deliveryNotes(delivery);
  if (picture === null) return { url: await imageproxyUrl({ source }), notes: handing };
  const { box, keeps, trims, turn, mirror, format, quality } = picture;
  if (box?.by === 'exact') throw refused('imageproxy keeps the shape of a picture');
  const known = imageproxyFormats.find((each) => each === format);
  if (format !== null && known === undefined) throw refused(`imageproxy does not write ${format}`);
  const both = box !== null && box.width > 0 && box.height > 0;
  const fits = both && box.by === 'inside';
  const options = {
    ...(box === null ? {} : { width: box.width, height: box.height }),
    ...(fits ? { fit: true } : {}),
    ...(keeps === 'interesting' ? { smartCrop: true } : {}),
    ...(trims ? { trim: true } : {}),
    ...(turn === 0 ? {} : { rotate: 360 - turn }),
    flipHorizontal: mirror.horizontal,
    flipVertical: mirror.vertical,
    ...(known === undefined ? {} : { format: known }),
    ...(quality === null ? {} : { quality }),
  };
  const growth = fits
    ? growthNote('imageproxy', box.grows)
    : box?.grows === true
      ? ['Small pictures grow only on a server started with -scaleUp.']
      : [];
  const notes = [
    ...growth,
    ...(trims ? ['What counts as border is of one colour there, exactly.'] : []),
    ...cutNote(picture),
    ...smallNote(box, 'clipped', 'imageproxy'),
    ...orientationNote('imageproxy', picture),
    ...backdropNote(source, picture, { name: 'imageproxy', colour: known === 'jpeg' ? black : null }),
    ...handing,
  ];
  return { url: await imageproxyUrl({ source, options }), notes };
}

/** The box alone: the storage dialects know nothing else. */
function boxOnly(name: string, picture: WishedPicture): WishedPicture['box'] {
  const { box, keeps, trims, turn, mirror } = picture;
  if (trims || turn !== 0 || mirror.horizontal || mirror.vertical)
    throw refused(`${name} neither trims nor turns`);
  if (keeps === 'interesting') throw refused(`${name} always keeps the middle`);
  if (box?.by === 'exact') throw refused(`${name} keeps the shape of a picture`);
  return box;
}

function objectOf(source: string, name: string): { readonly bucket: string; readonly key: string } {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(source) ?? [];
  if (bucket === undefined || key === undefined)
    throw refused(`${name} reads objects of its own buckets only`);
  return { bucket, key };
}

/** The key as the mount knows it: without what stands before each of its keys. */
function keyIn(
  { bucket, key }: ReturnType<typeof objectOf>,
  place: TranslationPlace | undefined,
  name: string,
): string {
  if (place === undefined) return key;
  if (place.bucket !== bucket || !key.startsWith(place.prefix))
    throw refused(`the original lies outside of the bucket that ${name} was said to read`);
  return key.slice(place.prefix.length);
}

const qualityNote = (name: string, fixed: number, quality: number | null): readonly string[] =>
  quality === null || quality === fixed
    ? []
    : [`${name} always writes with quality ${fixed}, not ${quality}.`];

const growthNote = (name: string, grows: boolean): readonly string[] =>
  grows ? [`${name} never makes a picture larger.`] : [];

/** @param side the largest there is, in pixels */
const boundNote = (box: WishedPicture['box'], side: number, note: string): readonly string[] =>
  box !== null && Math.max(box.width, box.height) > side ? [note] : [];

function toVip({ source, picture, delivery }: Wish): Translation {
  const { bucket, key } = objectOf(source, 'vip');
  if (key.includes('/')) throw refused('vip cannot name an object with a slash in its key');
  const url = escapePath(`/${bucket}/${key}`);
  const handing = deliveryNotes(delivery);
  if (picture === null) return { url, notes: handing };
  const box = boxOnly('vip', picture);
  if (picture.format !== null && picture.format !== 'jpeg') throw refused('vip writes JPEG only');
  if (box === null) throw refused('vip makes no picture without a width; the original is another URL');
  const square = box.by === 'cover' && box.width === box.height;
  if (!square && (box.by === 'cover' || box.height > 0)) throw refused('vip takes a width, or a square');
  const isJpeg = picture.format !== null || formatBySource(source) === 'jpeg';
  const notes = [
    ...(isJpeg ? [] : ['vip always writes JPEG.']),
    ...boundNote(box, 720, 'vip makes no more than 720 pixels of width, unless VIP_MAX_WIDTH says so.'),
    ...qualityNote('vip', 80, picture.quality),
    ...growthNote('vip', box.grows),
    ...smallNote(box, 'square', 'vip'),
    ...orientationNote('vip', picture),
    ...backdropNote(source, { ...picture, format: 'jpeg' }, { name: 'vip', colour: black }),
    ...animationNote(source, picture, { name: 'vip', moves: false }),
    ...handing,
  ];
  return { url: `${url}?s=${box.width}${square ? '&c=true' : ''}`, notes };
}

/** Formats it gives unless told otherwise. */
const usualExtensions: ReadonlySet<string> = new Set(['jpeg', 'gif', 'webp']);

function toImageServer(
  { source, picture, delivery }: Wish,
  place: TranslationPlace | undefined,
): Translation {
  const name = originalOfKey(keyIn(objectOf(source, 'image-server'), place, 'image-server'));
  if (name === null)
    throw refused('image-server names originals by the MD5 of their bytes: upload this one first');
  const folder = picturePath(name.namespace, name.hash);
  const handing = deliveryNotes(delivery);
  if (picture === null) return { url: `${folder}/original`, notes: handing };
  const box = boxOnly('image-server', picture);
  if (Math.max(box?.width ?? 0, box?.height ?? 0) > 10_000)
    throw refused('image-server takes no side above 10000 pixels');
  if (box !== null && box.width === 0) throw refused('image-server takes no height without a width');
  if (box !== null && box.by === 'inside' && box.height > 0)
    throw refused('image-server cuts to a box: it cannot fit a picture inside one');
  const { format, quality } = picture;
  const size =
    box === null
      ? {}
      : box.height === 0
        ? { width: box.width }
        : box.width === box.height
          ? { square: box.width }
          : { width: box.width, height: box.height };
  const file = variantName({
    ...size,
    ...(quality === null ? {} : { quality }),
    format: format === null || format === 'jpeg' ? 'jpg' : format,
  });
  const notes = [
    ...(format === null || usualExtensions.has(format)
      ? []
      : [`image-server gives ${format} only where its list of extensions names it.`]),
    ...(format === null ? ['The format is not chosen here: JPEG is named.'] : []),
    ...(box !== null && !box.grows ? ['image-server also makes small pictures larger.'] : []),
    ...orientationNote('image-server', picture),
    ...backdropNote(source, picture, { name: 'image-server', colour: white }),
    ...animationNote(source, picture, { name: 'image-server', moves: false }),
    ...handing,
  ];
  return { url: `${folder}/${file}`, notes };
}

/** Words for formats in its query. */
const s3Formats: Readonly<Record<string, string>> = { jpeg: 'jpg', png: 'png', webp: 'webp' };

function toS3imageserver(
  { source, picture, delivery }: Wish,
  place: TranslationPlace | undefined,
): Translation {
  const key = keyIn(objectOf(source, 's3imageserver'), place, 's3imageserver');
  if (key.includes('/'))
    throw refused('s3imageserver names a file without a folder: say what stands before every key (--bucket)');
  if (!/\.(png|jpe?g|gif|webp)$/.test(key))
    throw refused('s3imageserver serves png, jpg, jpeg, gif and webp files');
  const handing = deliveryNotes(delivery);
  const url = escapePath(`/${key}`);
  if (key.endsWith('.gif')) return gifOf(url, picture, handing);
  if (picture === null) throw refused('s3imageserver hands over originals only where they are GIF');
  const box = boxOnly('s3imageserver', picture);
  const format = picture.format ?? formatBySource(key);
  const word = s3Formats[format ?? ''];
  if (word === undefined) throw refused(`s3imageserver does not write ${format}`);
  const { width = 0, height = 0, by = 'inside', grows = false } = box ?? {};
  const query = [
    ...(width === 0 ? [] : [`w=${width}`]),
    ...(height === 0 ? [] : [`h=${height}`]),
    ...(width > 0 && height > 0 ? [`c=${by === 'cover'}`] : []),
    `f=${word}`,
  ].join('&');
  const notes = [
    ...boundNote(box, 3064, 's3imageserver makes no more than 3064 pixels of a side.'),
    ...qualityNote('s3imageserver', 75, format === 'png' ? null : picture.quality),
    ...growthNote('s3imageserver', grows),
    ...smallNote(box, 'whole', 's3imageserver'),
    ...orientationNote('s3imageserver', picture),
    ...backdropNote(
      source,
      { ...picture, format },
      { name: 's3imageserver', colour: format === 'jpeg' ? black : null },
    ),
    ...animationNote(source, picture, { name: 's3imageserver', moves: false }),
    ...handing,
  ];
  return { url: `${url}?${query}`, notes };
}

/** It never works on GIFs. */
function gifOf(url: string, picture: Wish['picture'], notes: readonly string[]): Translation {
  const isAsItIs = picture === null || (picture.box === null && (picture.format ?? 'gif') === 'gif');
  if (!isAsItIs) throw refused('s3imageserver hands over GIFs as they are');
  if (picture !== null) boxOnly('s3imageserver', picture);
  return { url, notes };
}

/** One per URL language. */
export const writers = {
  imgproxy: toImgproxy,
  imageproxy: toImageproxy,
  'image-server': toImageServer,
  vip: toVip,
  s3imageserver: toS3imageserver,
} as const satisfies Readonly<Record<string, Writer>>;

export type WriterName = keyof typeof writers;

export const writerNames = Object.keys(writers) as readonly WriterName[];
