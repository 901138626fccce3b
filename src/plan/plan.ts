import { PictorError } from '../core/errors.ts';
import type { EncodeSpec } from '../core/format.ts';
import type { Rect, Size } from '../core/geometry.ts';
import type { ImageInfo, ImageLimits } from '../core/image-info.ts';
import type { Frame, MeasureFirst, OperationDefinition, PlannedStep } from '../core/operation.ts';
import { type Operation, operations } from '../operations/index.gen.ts';
import type { ImageRequest, OutputSpec } from '../request/image-request.ts';
import { chooseFormat, type WritableFormat } from './choose-format.ts';
import { checkEnlarged, checkFrames, checkLimits, drawnSize, keptFrames } from './limits.ts';
import type { Plan, Planning } from './plan-types.ts';
import { arrange, sizeAfter } from './steps.ts';
import { sharpVector } from './vector.ts';

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
  const { request, info, limits } = question;
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
  const settled = { ...question, info: { ...info, frames: kept, animated: kept > 1 } };

  const { shrinking, bound } = boundsOf(settled, format.maxSide);
  const run = runOperations(settled, shrinking);
  if ('measure' in run) return { measure: run.measure, before: arranged(run.before, settled) };
  const steps = arranged(
    [...run.steps, ...finish(run.frame, { format, bound, output: request.output })],
    settled,
  );
  const result = checkedResult(steps, settled);
  return { plan: planOf(settled, format, { steps, result, orientation: run.frame.orientation }) };
}

const definitionOf = (operation: Operation): OperationDefinition<Operation> => operations[operation.op];

/** Whether the result is likely to show what lies behind it (imgproxy: source alpha, padding or extend, no background). */
function expectsTransparency(request: ImageRequest, info: ImageInfo): boolean {
  const asks = (...names: Operation['op'][]) => request.operations.some(({ op }) => names.includes(op));
  return (info.hasAlpha || asks('padding', 'extend')) && !asks('background');
}

interface Shrinking {
  /** Index of the resize that shrinks. */
  readonly at: number;
  readonly by: number;
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

/**
 * How the final picture keeps to the side the request allows and to what the format can hold: the last resize shrinks by
 * some factor, which a trial run without shrinking tells. What still exceeds `bound` is scaled down at the end.
 */
function boundsOf(
  question: PlanQuestion,
  formatSide: number,
): { readonly shrinking: Shrinking; readonly bound: number } {
  const { operations: list } = question.request;
  const at = list.findLastIndex(({ op }) => op === 'resize');
  const resize = list[at];
  if (resize?.op !== 'resize') return { shrinking: noShrinking, bound: formatSide };
  const bound = Math.min(resize.maxSide || formatSide, formatSide);
  // What a later trim measures must not depend on what it leaves.
  if (list.slice(at).some(({ op }) => op === 'trim')) return { shrinking: noShrinking, bound };
  const trial = trialRun(question);
  const by = trial === null ? 1 : bound / Math.max(trial.width, trial.height);
  return { shrinking: by < 1 ? { at, by } : noShrinking, bound: formatSide };
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

/** What the output format needs at the end. */
function finish(
  frame: Frame,
  { format, bound, output }: { format: WritableFormat; bound: number; output: OutputSpec },
): PlannedStep[] {
  const steps: PlannedStep[] = [];
  const factor = bound / Math.max(frame.width, frame.height);
  if (factor < 1) {
    const shrunk = (length: number) => Math.max(1, Math.min(bound, Math.round(length * factor)));
    steps.push({ step: 'scale', size: { width: shrunk(frame.width), height: shrunk(frame.height) } });
  }
  if (frame.alpha && !format.holds.alpha) {
    steps.push({ step: 'flatten', colour: output.matte ?? { r: 255, g: 255, b: 255 } });
  }
  return steps;
}

function arranged(steps: readonly PlannedStep[], { info, limits }: PlanQuestion): readonly PlannedStep[] {
  const source = { width: info.width, height: info.height, alpha: info.hasAlpha };
  const simple = arrange(steps, source);
  return info.vector ? sharpVector(simple, source, limits) : simple;
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
    encode: encodeSpec({ output, info, format, highDepth, pixels: result.width * result.height }),
    keep: {
      metadata: output.metadata === 'keep',
      copyright: output.copyright ?? true,
      profile: output.profile === 'keep' && format.holds.profile,
      highDepth,
    },
  };
}

interface EncodeQuestion {
  readonly output: OutputSpec;
  readonly info: ImageInfo;
  readonly format: WritableFormat;
  readonly highDepth: boolean;
  readonly pixels: number;
}

function encodeSpec({ output, info, format, highDepth, pixels }: EncodeQuestion): EncodeSpec {
  const { name, write } = format;
  const { frames, delays, loop } = info;
  return {
    format: name,
    ...(write.usesQuality
      ? { quality: output.quality ?? output.formatQuality?.[name] ?? write.quality }
      : {}),
    options: { ...write.defaults, ...(highDepth ? write.deep : {}), ...output.encoder?.[name] },
    frames,
    ...(frames > 1 && delays !== undefined ? { delays: delays.slice(0, frames) } : {}),
    ...(frames > 1 && loop !== undefined ? { loop } : {}),
    pixels,
  };
}
