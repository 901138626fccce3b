import type { Rect } from '../../core/geometry.ts';
import type { Measurement, PlannedStep } from '../../core/operation.ts';
import { groupPasses } from '../../plan/passes.ts';
import { contentBox } from './content-box.ts';
import { exactBox } from './exact-box.ts';
import { advance, type OpenMark } from './passes.ts';
import type { Picture } from './picture.ts';
import { toPixels } from './pixels.ts';
import { searchedSize, subjectWindow } from './subject.ts';

/** Stands for transparency while the content is looked for, as in imgproxy. */
const magenta = { r: 255, g: 0, b: 255 };

/** Draws no eye. */
const black = { r: 0, g: 0, b: 0 };

/** Answers a question of the plan about the first frame, as it is after the steps in `before`. @throws PictorError */
export async function measure(
  picture: Picture,
  { measure: question, before }: { readonly measure: Measurement; readonly before: readonly PlannedStep[] },
  open: OpenMark,
): Promise<Rect> {
  let current = picture;
  for (const pass of groupPasses(before, picture, 1)) {
    if (pass.steps.length > 0) current = await advance(current, pass, open);
  }
  switch (question.find) {
    case 'content':
      return findContent(current, question);
    case 'window':
      return findWindow(current, question);
    case 'subject':
      return findSubject(current, question);
  }
}

async function findContent(
  picture: Picture,
  { threshold, colour, exact }: Extract<Measurement, { find: 'content' }>,
): Promise<Rect> {
  if (exact === true) return exactBox(await toPixels(picture.start(), picture));
  const pixels = await toPixels(picture.start().flatten({ background: magenta }), picture);
  const [red = 0, green = 0, blue = 0] = pixels.data;
  return contentBox(pixels, {
    threshold,
    colour: colour === undefined ? [red, green, blue] : [colour.r, colour.g, colour.b],
  });
}

async function findWindow(
  picture: Picture,
  { size, strategy }: Extract<Measurement, { find: 'window' }>,
): Promise<Rect> {
  const { info } = await picture
    .start()
    .resize(size.width, size.height, { fit: 'cover', position: strategy, withoutReduction: true })
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(picture.fail);
  return {
    left: -(info.cropOffsetLeft ?? 0),
    top: -(info.cropOffsetTop ?? 0),
    width: info.width,
    height: info.height,
  };
}

async function findSubject(
  picture: Picture,
  { size }: Extract<Measurement, { find: 'subject' }>,
): Promise<Rect> {
  const { width, height } = searchedSize(picture);
  const small = picture.start().resize(width, height, { fit: 'fill' }).flatten({ background: black });
  return subjectWindow(await toPixels(small, picture), size, picture);
}
