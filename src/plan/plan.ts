import { PictorError } from '../core/errors.ts';
import type { EncodeSpec } from '../core/format.ts';
import type { Rect, Size } from '../core/geometry.ts';
import type { ImageInfo, ImageLimits } from '../core/image-info.ts';
import type { Frame, MeasureFirst, OperationDefinition, PlannedStep } from '../core/operation.ts';
import { type Operation, operations } from '../operations/index.gen.ts';
import type { ImageRequest, OutputSpec } from '../request/image-request.ts';
import { chooseFormat, type WritableFormat } from './choose-format.ts';
import { fitsFormat, heldBy, paletteOptions, standInFor } from './format-bounds.ts';
import { checkEnlarged, checkFrames, checkLimits, drawnSize, keptFrames, limitsOf } from './limits.ts';
import type { Plan, Planning } from './plan-types.ts';
import { arrange, sizeAfter } from './steps.ts';
import { drawnFirst, sharpVector } from './vector.ts';

export interface PlanQuestion {
  readonly request: ImageRequest;
  readonly info: ImageInfo;
  readonly limits: ImageLimits;
  /** Answers to the questions of earlier rounds, in order. */
  readonly measured?: readonly Rect[];
  /** Formats that cannot be written on this server, with the reason. */
  readonly unwritable?: ReadonlyMap<string, string>;
}

/**
 * What exactly to do to this picture. Pure: the same question always gives the same plan.
 * @throws PictorError IMAGE_TOO_LARGE, OPERATION_IMPOSSIBLE, FORMAT_UNSUPPORTED
 */
export function planTransform(question: PlanQuestion): Planning {
  const { request, info } = question;
  const limits = limitsOf(request, question.limits);
  checkLimits(info, limits);
  const frames = keptFrames(info, limits, request.output.frames);
  const format = chooseFormat(request.output.format, {
    source: info.format,
    animated: frames > 1,
    transparent: expectsTransparency(request, info),
    ...(question.unwritable === undefined ? {} : { unwritable: question.unwritable }),
  });
  const kept = format.holds.animation ? frames : 1;
  checkFrames(info, kept, limits);
  const settled = { ...question, limits, info: { ...info, frames: kept, animated: kept > 1 } };

  const run = runOperations(settled, { ...shrinkingOf(settled), format });
  if ('measure' in run) return { measure: run.measure, before: arranged(run.before, settled) };
  if (!fitsFormat(run.frame, format)) {
    return planTransform({ ...question, request: standInFor(request, run.frame) });
  }
  const steps = arranged([...run.steps, ...matte(run.frame, format, request.output)], settled);
  const result = checkedResult(steps, settled);
  return { plan: planOf(settled, format, { steps, result, orientation: run.frame.orientation }) };
}

const definitionOf = (operation: Operation): OperationDefinition<Operation> => operations[operation.op];

/** Whether the result is likely to show what lies behind it (imgproxy: source alpha, padding or extend, no background). */
function expectsTransparency(request: ImageRequest, info: ImageInfo): boolean {
  const asks = (...names: Operation['op'][]) => request.operations.some(({ op }) => names.includes(op));
  return (info.hasAlpha || asks('padding', 'extend')) && !asks('background');
}

/** What keeps the picture small on its way. */
interface Shrinking {
  /** Index of the resize that shrinks; -1: none. */
  readonly at: number;
  readonly by: number;
  /** What the picture must be held by at the end; absent in a trial. */
  readonly format?: WritableFormat;
  readonly maxSide?: number;
}

const noShrinking: Shrinking = { at: -1, by: 1 };

interface Run {
  readonly steps: readonly PlannedStep[];
  readonly frame: Frame;
}

/** Plans one operation after the other. Ends early with a question where one needs to know pixels. */
function runOperations(question: PlanQuestion, shrinking: Shrinking): Run | MeasureFirst {
  const { request, info, measured = [] } = question;
  let run = start(question);
  let asked = 0;
  // Marks are laid on the picture as the format will hold it: scaled down with it they could vanish.
  const lastChange = request.operations.findLastIndex(({ op }) => op !== 'watermark');
  if (lastChange === -1) run = heldBy(run, shrinking);
  for (const [index, operation] of request.operations.entries()) {
    const definition = definitionOf(operation);
    const facts = { info, shrink: index === shrinking.at ? shrinking.by : 1 };
    let planned = definition.plan(operation, run.frame, facts);
    if ('measure' in planned) {
      const answer = measured[asked];
      asked += 1;
      if (answer === undefined) return { ...planned, before: [...run.steps, ...planned.before] };
      planned = definition.plan(operation, run.frame, { ...facts, measured: answer });
    }
    if ('measure' in planned) throw new PictorError('INTERNAL', { detail: `${operation.op} asks twice` });
    run = { steps: [...run.steps, ...planned.steps], frame: planned.frame };
    if (index === lastChange) run = heldBy(run, shrinking);
  }
  return run;
}

/** The picture as it is decoded; vector images are drawn within the bounds. */
function start({ info, limits }: PlanQuestion): Run {
  const own: Size = { width: info.width, height: info.height };
  const size = info.vector ? drawnSize(own, limits) : own;
  return {
    steps: info.vector ? [{ step: 'scale', size }] : [],
    frame: { ...size, alpha: info.hasAlpha, factor: 1, orientation: info.orientation },
  };
}

/** The last resize shrinks so that all of the picture keeps to the side it allows; a trial run tells by which factor. */
function shrinkingOf(question: PlanQuestion): Shrinking {
  const { operations: list } = question.request;
  const at = list.findLastIndex(({ op }) => op === 'resize');
  const resize = list[at];
  if (resize?.op !== 'resize' || !resize.maxSide) return noShrinking;
  // What a later trim measures must not depend on what it leaves.
  if (list.slice(at).some(({ op }) => op === 'trim')) return { ...noShrinking, maxSide: resize.maxSide };
  const trial = trialRun(question);
  const by = trial === null ? 1 : resize.maxSide / Math.max(trial.width, trial.height);
  return by < 1 ? { at, by } : noShrinking;
}

/** Size of the result without shrinking; null before a trim is measured. Smart crops do not change sizes: any window will do. */
function trialRun(question: PlanQuestion): Size | null {
  const measured = [...(question.measured ?? [])];
  for (;;) {
    const run = runOperations({ ...question, measured }, noShrinking);
    if (!('measure' in run)) return run.frame;
    if (run.measure.find === 'content') return null;
    measured.push({ left: 0, top: 0, ...run.measure.size });
  }
}

/** What lies under transparent parts where the format holds none. */
function matte(frame: Frame, format: WritableFormat, output: OutputSpec): PlannedStep[] {
  if (!frame.alpha || format.holds.alpha) return [];
  return [{ step: 'flatten', colour: output.matte ?? { r: 255, g: 255, b: 255 } }];
}

function arranged(steps: readonly PlannedStep[], { info, limits }: PlanQuestion): readonly PlannedStep[] {
  const source = { width: info.width, height: info.height, alpha: info.hasAlpha };
  const simple = arrange(steps, source);
  return info.vector ? drawnFirst(sharpVector(simple, source, limits), source) : simple;
}

/** A vector image has no pixels of its own: whatever it is drawn at counts as enlarged. */
const nothing: Size = { width: 0, height: 0 };

/** Size of the result; every step on the way that makes pixels is bounded. Flattening waits for the drawing of a vector image. */
function checkedResult(steps: readonly PlannedStep[], { info, limits }: PlanQuestion): Size {
  let size: Size = { width: info.width, height: info.height };
  for (const step of steps) {
    const after = sizeAfter(step, size);
    const before = info.vector ? nothing : size;
    if (step.step !== 'flatten') checkEnlarged({ before, after, frames: info.frames }, limits);
    size = after;
  }
  return { width: size.width, height: size.height };
}

function planOf(
  { request, info }: PlanQuestion,
  format: WritableFormat,
  { steps, result, orientation }: Pick<Plan, 'steps' | 'orientation'> & { readonly result: Size },
): Plan {
  const { output } = request;
  const highDepth = output.highDepth === true && format.holds.highDepth && info.bits > 8;
  const { frames } = info;
  return {
    decode: { frames },
    steps,
    result: { ...result, frames },
    orientation,
    encode: encodeSpec({ output, info, format, highDepth, steps, pixels: result.width * result.height }),
    keep: {
      metadata: output.metadata === 'keep',
      copyright: output.copyright ?? true,
      profile: output.profile === 'keep' && format.holds.profile,
      highDepth,
    },
    ...(output.maxBytes !== undefined && format.write.usesQuality ? { maxBytes: output.maxBytes } : {}),
  };
}

interface EncodeQuestion {
  readonly output: OutputSpec;
  readonly info: ImageInfo;
  readonly format: WritableFormat;
  readonly highDepth: boolean;
  readonly steps: readonly PlannedStep[];
  readonly pixels: number;
}

function encodeSpec({ output, info, format, highDepth, steps, pixels }: EncodeQuestion): EncodeSpec {
  const { name, write } = format;
  const { frames, delays, loop } = info;
  return {
    format: name,
    ...(write.usesQuality
      ? { quality: output.quality ?? output.formatQuality?.[name] ?? write.quality }
      : {}),
    options: {
      ...write.defaults,
      ...(highDepth ? write.deep : {}),
      ...paletteOptions(info, name, steps),
      ...output.encoder?.[name],
    },
    frames,
    ...(frames > 1 && delays !== undefined ? { delays: delays.slice(0, frames) } : {}),
    ...(frames > 1 && loop !== undefined ? { loop } : {}),
    pixels,
  };
}
