import type { PlacedGravity } from '../../core/geometry.ts';
import type { Operation } from '../../operations/index.gen.ts';
import { toGravity, toPlacedGravity, type UrlGravity } from './gravity.ts';
import type { ImgproxyRules } from './rules.ts';
import type { Draft } from './v4-draft.ts';

/**
 * The operations a draft comes to, in imgproxy's order. What cannot change the picture is left out: a gravity where
 * nothing is cut off, a resize into no box. imgproxy cuts before it turns, with the gravity turned back; that is the same.
 */
export function v4Operations(draft: Draft, rules: ImgproxyRules): readonly Operation[] {
  const operations: Operation[] = [];
  if (draft.trimThreshold !== null) operations.push(trimOperation(draft, draft.trimThreshold));
  if (draft.autoRotate ?? rules.autoRotate) operations.push({ op: 'auto-orient' });
  if (draft.rotate !== 0) operations.push({ op: 'rotate', angle: draft.rotate });
  pushFlip(operations, draft);
  if (draft.cropWidth > 0 || draft.cropHeight > 0) operations.push(cropOperation(draft));
  pushResize(operations, draft, rules);
  if (draft.blur > 0) operations.push({ op: 'blur', sigma: draft.blur });
  if (draft.sharpen > 0) operations.push({ op: 'sharpen', sigma: draft.sharpen });
  if (draft.pixelate > 1) operations.push({ op: 'pixelate', size: draft.pixelate });
  pushExtend(operations, draft);
  pushPadding(operations, draft);
  if (draft.background !== null) operations.push({ op: 'background', colour: draft.background });
  pushWatermark(operations, draft, rules);
  return operations;
}

function trimOperation(draft: Draft, threshold: number): Operation {
  return {
    op: 'trim',
    threshold,
    ...(draft.trimColour === null ? {} : { colour: draft.trimColour }),
    ...(draft.trimEqualHorizontal ? { equalHorizontal: true } : {}),
    ...(draft.trimEqualVertical ? { equalVertical: true } : {}),
  };
}

function pushFlip(operations: Operation[], { flipHorizontal, flipVertical }: Draft): void {
  if (!flipHorizontal && !flipVertical) return;
  operations.push({
    op: 'flip',
    ...(flipHorizontal ? { horizontal: true } : {}),
    ...(flipVertical ? { vertical: true } : {}),
  });
}

function cropOperation({ cropWidth: width, cropHeight: height, cropGravity, gravity }: Draft): Operation {
  const place = cropGravity ?? gravity;
  return {
    op: 'crop',
    ...(width === 0 ? {} : { width }),
    ...(height === 0 ? {} : { height }),
    ...(isCentre(place) ? {} : { gravity: toGravity(place) }),
  };
}

const isBoxed = ({ width, height }: Draft): boolean => width > 0 || height > 0;

function pushResize(operations: Operation[], draft: Draft, rules: ImgproxyRules): void {
  const { minWidth, minHeight, zoomX, zoomY, dpr } = draft;
  const maxSide = draft.maxResultDimension ?? rules.maxResultDimension;
  const scales = isBoxed(draft) || minWidth > 0 || minHeight > 0 || zoomX !== 1 || zoomY !== 1 || dpr !== 1;
  if (!scales && maxSide === 0) return;
  operations.push({
    op: 'resize',
    ...(draft.resizingType === 'fit' ? {} : { type: draft.resizingType }),
    ...(draft.width === 0 ? {} : { width: draft.width }),
    ...(draft.height === 0 ? {} : { height: draft.height }),
    ...(minWidth === 0 ? {} : { minWidth }),
    ...(minHeight === 0 ? {} : { minHeight }),
    ...(zoomX === 1 ? {} : { zoomX }),
    ...(zoomY === 1 ? {} : { zoomY }),
    ...(dpr === 1 ? {} : { dpr }),
    ...(draft.enlarge ? { enlarge: true } : {}),
    ...(draft.extend && scales ? { extended: true } : {}),
    ...(cutsOff(draft) && !isCentre(draft.gravity) ? { gravity: toGravity(draft.gravity) } : {}),
    ...(maxSide === 0 ? {} : { maxSide }),
  });
}

/** Whether a resize may give more than its box: when it covers it, or when least sizes ask for more. */
export function cutsOff(draft: Draft): boolean {
  const { resizingType: type, width, height } = draft;
  if (isBoxed(draft) && (draft.minWidth > 0 || draft.minHeight > 0)) return true;
  return width > 0 && height > 0 && type !== 'fit' && type !== 'force';
}

function pushExtend(operations: Operation[], draft: Draft): void {
  if (draft.extend && isBoxed(draft)) {
    operations.push({ op: 'extend', ...placeOf(draft.extendGravity) });
    // A canvas of the whole box has its shape already.
    if (draft.width > 0 && draft.height > 0) return;
  }
  if (draft.extendRatio && draft.width > 0 && draft.height > 0) {
    operations.push({ op: 'extend', to: 'ratio', ...placeOf(draft.extendRatioGravity) });
  }
}

const placeOf = (gravity: UrlGravity): { gravity?: PlacedGravity } =>
  isCentre(gravity) ? {} : { gravity: toPlacedGravity(gravity) };

function pushPadding(operations: Operation[], { padding }: Draft): void {
  const [top, right, bottom, left] = padding;
  if (top + right + bottom + left === 0) return;
  operations.push({
    op: 'padding',
    ...(top === 0 ? {} : { top }),
    ...(right === 0 ? {} : { right }),
    ...(bottom === 0 ? {} : { bottom }),
    ...(left === 0 ? {} : { left }),
  });
}

/** Opacities are products of two numbers: so many digits tell them apart, and the same ones are written the same. */
const opacityDigits = 1e6;

function pushWatermark(operations: Operation[], draft: Draft, { watermark }: ImgproxyRules): void {
  if (watermark === null) return;
  const opacity = Math.round(draft.watermarkOpacity * watermark.opacity * opacityDigits) / opacityDigits;
  if (opacity === 0) return;
  operations.push({
    op: 'watermark',
    source: watermark.uri,
    ...(opacity === 1 ? {} : { opacity }),
    ...watermarkPlace(draft.watermarkGravity),
    ...(draft.watermarkScale === 0 ? {} : { scale: draft.watermarkScale }),
  });
}

type WatermarkPlace = Pick<Extract<Operation, { op: 'watermark' }>, 'gravity' | 'x' | 'y'>;

function watermarkPlace(gravity: UrlGravity): WatermarkPlace {
  if (gravity.type !== 're') return placeOf(gravity);
  // Tiles do not overlap.
  const [x, y] = [Math.max(0, gravity.x), Math.max(0, gravity.y)];
  return { gravity: 'tile', ...(x === 0 ? {} : { x }), ...(y === 0 ? {} : { y }) };
}

const isCentre = ({ type, x, y }: UrlGravity): boolean => type === 'ce' && x === 0 && y === 0;
