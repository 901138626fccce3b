import { hexColour } from './colour.ts';
import { urlFormatName } from './format-names.ts';
import { gravityText, type UrlGravity } from './gravity.ts';
import type { ImgproxyRules } from './rules.ts';
import type { Draft, Padding } from './v4-draft.ts';
import { isSame } from './v4-draft-of.ts';
import { namesOfOption } from './v4-options.ts';

/** A name (the one we prefer) and arguments. */
type OptionText = readonly [name: string, ...args: string[]];

/** The options that make one draft of another, in a fixed order, with the settings' separator. */
export function optionTexts(draft: Draft, before: Draft, rules: ImgproxyRules): string[] {
  const spelled = spelling(rules);
  const texts = [
    ...sizeTexts(draft, before, spelled('rs') !== null),
    ...pictureTexts(draft, before),
    ...outputTexts(draft, before),
    ...limitTexts(draft, before),
    ...(draft.edition === before.edition ? [] : [['cb', draft.edition] as const]),
  ];
  return texts.map(([name, ...args]) =>
    [spelled(name) ?? name, ...args].join(':').replaceAll(':', rules.argumentsSeparator),
  );
}

/** The name of an option as URLs may spell it; null when they may not. */
const spelling =
  ({ allowedOptions }: ImgproxyRules) =>
  (name: string): string | null =>
    allowedOptions === null || allowedOptions.has(name)
      ? name
      : (namesOfOption(name).find((each) => allowedOptions.has(each)) ?? null);

const flag = (on: boolean): string => (on ? '1' : '0');

/** Whether any of these fields is another one. */
const differs = (one: Draft, other: Draft, ...fields: readonly (keyof Draft)[]): boolean =>
  fields.some((field) => !isSame(one[field], other[field]));

function sizeTexts(draft: Draft, before: Draft, mayResize: boolean): OptionText[] {
  const texts: OptionText[] = [];
  const changes = (...fields: (keyof Draft)[]) => differs(draft, before, ...fields);
  const { resizingType, width, height } = draft;
  const canvas = extendTexts(draft, before);
  if (mayResize && changes('width', 'height', 'resizingType')) {
    const enlarges = draft.enlarge || before.enlarge || canvas.length > 0 ? [flag(draft.enlarge)] : [];
    texts.push(['rs', resizingType, `${width}`, `${height}`, ...enlarges, ...canvas]);
  } else {
    if (changes('resizingType')) texts.push(['rt', resizingType]);
    if (changes('width')) texts.push(['w', `${width}`]);
    if (changes('height')) texts.push(['h', `${height}`]);
    if (changes('enlarge')) texts.push(['el', flag(draft.enlarge)]);
    if (changes('extend', 'extendGravity')) texts.push(['ex', ...canvas]);
  }
  if (changes('minWidth')) texts.push(['mw', `${draft.minWidth}`]);
  if (changes('minHeight')) texts.push(['mh', `${draft.minHeight}`]);
  if (changes('zoomX', 'zoomY')) texts.push(['z', ...zoomTexts(draft)]);
  if (changes('dpr')) texts.push(['dpr', `${draft.dpr}`]);
  if (changes('extendRatio', 'extendRatioGravity')) {
    const place = placeTexts(draft.extendRatioGravity, before.extendRatioGravity);
    texts.push(['exar', flag(draft.extendRatio), ...place]);
  }
  if (changes('gravity')) texts.push(['g', gravityText(draft.gravity, before.gravity)]);
  if (changes('cropWidth', 'cropHeight', 'cropGravity')) {
    const place = draft.cropGravity === null ? [] : [gravityText(draft.cropGravity, before.cropGravity)];
    texts.push(['c', `${draft.cropWidth}`, `${draft.cropHeight}`, ...place]);
  }
  return texts;
}

/** Arguments of `extend`; none where it is off and was off. */
const extendTexts = (draft: Draft, before: Draft): string[] =>
  draft.extend || before.extend
    ? [flag(draft.extend), ...placeTexts(draft.extendGravity, before.extendGravity)]
    : [];

const placeTexts = (gravity: UrlGravity, before: UrlGravity): string[] =>
  isSame(gravity, before) ? [] : [gravityText(gravity, before)];

const zoomTexts = ({ zoomX, zoomY }: Draft): string[] =>
  zoomX === zoomY ? [`${zoomX}`] : [`${zoomX}`, `${zoomY}`];

function pictureTexts(draft: Draft, before: Draft): OptionText[] {
  const texts: OptionText[] = [];
  const changes = (...fields: (keyof Draft)[]) => differs(draft, before, ...fields);
  if (changes('trimThreshold', 'trimColour', 'trimEqualHorizontal', 'trimEqualVertical'))
    texts.push(['t', ...trimTexts(draft)]);
  if (changes('padding')) texts.push(['pd', ...paddingTexts(draft.padding)]);
  if (changes('autoRotate')) texts.push(['ar', flag(draft.autoRotate === true)]);
  if (changes('rotate')) texts.push(['rot', `${draft.rotate}`]);
  if (changes('flipHorizontal', 'flipVertical'))
    texts.push([
      'fl',
      flag(draft.flipHorizontal),
      ...(changes('flipVertical') ? [flag(draft.flipVertical)] : []),
    ]);
  if (changes('background')) texts.push(['bg', draft.background === null ? '' : hexColour(draft.background)]);
  if (changes('blur')) texts.push(['bl', `${draft.blur}`]);
  if (changes('sharpen')) texts.push(['sh', `${draft.sharpen}`]);
  if (changes('pixelate')) texts.push(['pix', `${draft.pixelate}`]);
  if (changes('watermarkOpacity', 'watermarkGravity', 'watermarkScale'))
    texts.push(['wm', ...watermarkTexts(draft, before)]);
  return texts;
}

function trimTexts(draft: Draft): string[] {
  const colour = draft.trimColour === null ? '' : hexColour(draft.trimColour);
  const all = [
    draft.trimThreshold === null ? '' : `${draft.trimThreshold}`,
    colour,
    draft.trimEqualHorizontal ? '1' : '',
    draft.trimEqualVertical ? '1' : '',
  ];
  return withoutEmptyEnd(all);
}

/** As CSS writes it: the shortest that says all. */
function paddingTexts([top, right, bottom, left]: Padding): string[] {
  if (left !== right) return [top, right, bottom, left].map(String);
  if (bottom !== top) return [top, right, bottom].map(String);
  return (right === top ? [top] : [top, right]).map(String);
}

function watermarkTexts(draft: Draft, before: Draft): string[] {
  const { type, x, y } = draft.watermarkGravity;
  const { x: xBefore, y: yBefore } = before.watermarkGravity;
  const all = [
    `${draft.watermarkOpacity}`,
    type === before.watermarkGravity.type ? '' : type,
    x === xBefore ? '' : `${x}`,
    y === yBefore ? '' : `${y}`,
    draft.watermarkScale === before.watermarkScale ? '' : `${draft.watermarkScale}`,
  ];
  return withoutEmptyEnd(all);
}

/** At least one argument is left. */
const withoutEmptyEnd = (args: readonly string[]): string[] =>
  args.slice(0, Math.max(1, args.findLastIndex((text) => text !== '') + 1));

const outputSwitches = [
  ['sm', 'stripMetadata'],
  ['kcr', 'keepCopyright'],
  ['scp', 'stripColorProfile'],
  ['ph', 'preserveHdr'],
  ['eth', 'enforceThumbnail'],
] as const satisfies readonly (readonly [name: string, field: keyof Draft])[];

/** All but the format, which stands behind the source. */
function outputTexts(draft: Draft, before: Draft): OptionText[] {
  const texts: OptionText[] = outputSwitches.flatMap(([name, field]) =>
    draft[field] === before[field] ? [] : [[name, flag(draft[field] === true)] as const],
  );
  if (differs(draft, before, 'quality')) texts.push(['q', `${draft.quality}`]);
  const qualities = Object.entries(draft.formatQuality).filter(
    ([format, quality]) => before.formatQuality[format] !== quality,
  );
  if (qualities.length > 0) {
    const pairs = qualities.toSorted(([a], [b]) => (a < b ? -1 : 1));
    texts.push(['fq', ...pairs.flatMap(([format, quality]) => [urlFormatName(format), `${quality}`])]);
  }
  if (differs(draft, before, 'maxBytes')) texts.push(['mb', `${draft.maxBytes}`]);
  const skipped = draft.skipProcessing.filter((name) => !before.skipProcessing.includes(name));
  if (skipped.length > 0) texts.push(['skp', ...skipped.map(urlFormatName)]);
  return texts;
}

const limitNumbers = [
  ['msr', 'maxSrcPixels', 1e6],
  ['msfs', 'maxSrcFileSize', 1],
  ['maf', 'maxAnimationFrames', 1],
  ['mafr', 'maxAnimationFramePixels', 1e6],
  ['mrd', 'maxResultDimension', 1],
] as const satisfies readonly (readonly [name: string, field: keyof Draft, unit: number])[];

function limitTexts(draft: Draft, before: Draft): OptionText[] {
  return limitNumbers.flatMap(([name, field, unit]) => {
    const value = draft[field];
    return value === undefined || value === before[field] ? [] : [[name, `${value / unit}`] as const];
  });
}
