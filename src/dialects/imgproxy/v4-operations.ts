import type { Operation } from '../../operations/index.gen.ts';
import { toGravity, type UrlGravity } from './gravity.ts';
import type { ImgproxyRules } from './rules.ts';
import type { Draft } from './v4-options.ts';

/**
 * The operations a draft comes to, in imgproxy's order. What cannot change the picture is left out: a gravity where
 * nothing is cut off, a resize into no box.
 */
export function v4Operations(draft: Draft, rules: ImgproxyRules): readonly Operation[] {
  const operations: Operation[] = [];
  if (rules.autoRotate) operations.push({ op: 'auto-orient' });
  const boxed = draft.width > 0 || draft.height > 0;
  const extended = boxed && draft.extend;
  if (boxed || rules.maxResultDimension > 0) operations.push(resizeOperation(draft, extended, rules));
  if (extended) operations.push(extendOperation(draft.extendGravity));
  return operations;
}

function resizeOperation(draft: Draft, extended: boolean, rules: ImgproxyRules): Operation {
  const { resizingType: type, width, height } = draft;
  const cuts = width > 0 && height > 0 && type !== 'fit' && type !== 'force';
  return {
    op: 'resize',
    ...(type === 'fit' ? {} : { type }),
    ...(width === 0 ? {} : { width }),
    ...(height === 0 ? {} : { height }),
    ...(draft.enlarge ? { enlarge: true } : {}),
    ...(extended ? { extended: true } : {}),
    ...(cuts && !isCentre(draft.gravity) ? { gravity: toGravity(draft.gravity) } : {}),
    ...(rules.maxResultDimension === 0 ? {} : { maxSide: rules.maxResultDimension }),
  };
}

function extendOperation(gravity: UrlGravity): Operation {
  const placed = toGravity(gravity);
  return placed.type === 'smart' || isCentre(gravity) ? { op: 'extend' } : { op: 'extend', gravity: placed };
}

const isCentre = ({ type, x, y }: UrlGravity): boolean => type === 'ce' && x === 0 && y === 0;
