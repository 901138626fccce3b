import type { Operation } from '../../operations/index.gen.ts';
import type { ImageRequest, OutputSpec } from '../../request/image-request.ts';
import { urlGravityOf } from './gravity.ts';
import { outputSpec } from './output.ts';
import type { ImgproxyRules } from './rules.ts';
import type { Draft } from './v4-draft.ts';
import { cutsOff } from './v4-operations.ts';

type OperationOf<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

/**
 * What options have to say for a picture. What the picture does not tell stays as `before` has it. Not every request has
 * a draft: whoever needs to know reads the URL back and compares.
 */
export function draftOf(image: ImageRequest, before: Draft, rules: ImgproxyRules): Draft {
  const draft = { ...before };
  const find = <Name extends Operation['op']>(name: Name): OperationOf<Name> | undefined =>
    image.operations.find((each): each is OperationOf<Name> => each.op === name);
  takeResize(draft, find('resize'), rules);
  takeExtends(draft, image.operations);
  takeCrop(draft, before, find('crop'));
  takeTrim(draft, find('trim'));
  const turns = find('auto-orient') !== undefined;
  if (turns !== (before.autoRotate ?? rules.autoRotate)) draft.autoRotate = turns;
  draft.rotate = find('rotate')?.angle ?? 0;
  draft.flipHorizontal = find('flip')?.horizontal ?? false;
  draft.flipVertical = find('flip')?.vertical ?? false;
  draft.blur = find('blur')?.sigma ?? 0;
  draft.sharpen = find('sharpen')?.sigma ?? 0;
  draft.pixelate = find('pixelate')?.size ?? 0;
  const { top = 0, right = 0, bottom = 0, left = 0 } = find('padding') ?? {};
  draft.padding = [top, right, bottom, left];
  draft.background = find('background')?.colour ?? null;
  takeWatermark(draft, find('watermark'), rules);
  takeOutput(draft, image.output, rules);
  takeLimits(draft, image, rules);
  draft.edition = image.edition ?? '';
  return draft;
}

function takeResize(draft: Draft, resize: OperationOf<'resize'> | undefined, rules: ImgproxyRules): void {
  const { type = 'fit', width = 0, height = 0, maxSide = 0, gravity } = resize ?? {};
  Object.assign(draft, { width, height });
  draft.minWidth = resize?.minWidth ?? 0;
  draft.minHeight = resize?.minHeight ?? 0;
  draft.zoomX = resize?.zoomX ?? 1;
  draft.zoomY = resize?.zoomY ?? 1;
  draft.dpr = resize?.dpr ?? 1;
  if (maxSide !== (draft.maxResultDimension ?? rules.maxResultDimension)) draft.maxResultDimension = maxSide;
  if (resize === undefined) return;
  draft.resizingType = type;
  draft.enlarge = resize.enlarge ?? false;
  draft.extend = resize.extended ?? false;
  if (cutsOff(draft)) draft.gravity = urlGravityOf(gravity) ?? draft.gravity;
}

function takeExtends(draft: Draft, operations: readonly Operation[]): void {
  const extend = operations.find((each) => each.op === 'extend' && each.to !== 'ratio');
  const ratio = operations.find((each) => each.op === 'extend' && each.to === 'ratio');
  if (extend?.op === 'extend') {
    draft.extend = true;
    draft.extendGravity = urlGravityOf(extend.gravity) ?? draft.extendGravity;
  }
  if (ratio?.op === 'extend') {
    draft.extendRatio = true;
    draft.extendRatioGravity = urlGravityOf(ratio.gravity) ?? draft.extendRatioGravity;
  } else if (!draft.extend && draft.width > 0 && draft.height > 0) draft.extendRatio = false;
}

function takeCrop(draft: Draft, before: Draft, crop: OperationOf<'crop'> | undefined): void {
  const { width = 0, height = 0 } = crop ?? {};
  draft.cropWidth = width;
  draft.cropHeight = height;
  if (crop === undefined) return;
  const gravity = urlGravityOf(crop.gravity);
  const implied = before.cropGravity ?? draft.gravity;
  if (gravity !== null && !isSame(gravity, implied)) draft.cropGravity = gravity;
}

function takeTrim(draft: Draft, trim: OperationOf<'trim'> | undefined): void {
  draft.trimThreshold = trim?.threshold ?? null;
  if (trim === undefined) return;
  draft.trimColour = trim.colour ?? null;
  draft.trimEqualHorizontal = trim.equalHorizontal ?? false;
  draft.trimEqualVertical = trim.equalVertical ?? false;
}

function takeWatermark(
  draft: Draft,
  mark: OperationOf<'watermark'> | undefined,
  { watermark }: ImgproxyRules,
): void {
  if (watermark === null) return;
  draft.watermarkOpacity = mark === undefined ? 0 : Math.min(1, (mark.opacity ?? 1) / watermark.opacity);
  if (mark === undefined) return;
  const { gravity, x = 0, y = 0, scale = 0 } = mark;
  const place = gravity === 'tile' ? { type: 're', x, y } : urlGravityOf(gravity);
  draft.watermarkGravity = place ?? draft.watermarkGravity;
  draft.watermarkScale = scale;
}

/** Only what differs from what would come of the draft anyhow. */
function takeOutput(draft: Draft, output: OutputSpec, rules: ImgproxyRules): void {
  draft.format = output.format.exact ?? draft.format;
  const usual = outputSpec(draft, rules, {});
  if (output.quality !== usual.quality) draft.quality = output.quality ?? 0;
  if (output.quality === undefined) takeFormatQuality(draft, output, rules);
  if (output.maxBytes !== usual.maxBytes) draft.maxBytes = output.maxBytes ?? 0;
  const more = (output.untouched ?? []).filter((name) => usual.untouched?.includes(name) !== true);
  if (more.length > 0) draft.skipProcessing = [...draft.skipProcessing, ...more];
  if (output.frames !== usual.frames) draft.maxAnimationFrames = output.frames;
  if (output.metadata !== usual.metadata) draft.stripMetadata = output.metadata !== 'keep';
  if (output.copyright !== usual.copyright) draft.keepCopyright = output.copyright ?? true;
  if (output.profile !== usual.profile) draft.stripColorProfile = output.profile !== 'keep';
  if (output.highDepth !== usual.highDepth) draft.preserveHdr = output.highDepth ?? false;
  if (output.thumbnail !== usual.thumbnail) draft.enforceThumbnail = output.thumbnail ?? false;
}

function takeFormatQuality(draft: Draft, { formatQuality = {} }: OutputSpec, rules: ImgproxyRules): void {
  const usual = outputSpec(draft, rules, {}).formatQuality ?? {};
  const others = Object.entries(formatQuality).filter(([format, quality]) => usual[format] !== quality);
  if (others.length > 0) draft.formatQuality = { ...draft.formatQuality, ...Object.fromEntries(others) };
}

function takeLimits(draft: Draft, { limits = {} }: ImageRequest, rules: ImgproxyRules): void {
  const { maxPixels, maxFramePixels, maxSourceBytes } = limits;
  draft.maxSrcPixels = maxPixels;
  draft.maxSrcFileSize = maxSourceBytes;
  draft.maxAnimationFramePixels =
    maxFramePixels === maxPixels || maxFramePixels === undefined
      ? undefined
      : maxFramePixels / (draft.maxAnimationFrames ?? rules.maxAnimationFrames ?? 1);
}

/** By their text: drafts hold plain values. */
export const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
