import { PictorError } from '../../core/errors.ts';
import type { Rect } from '../../core/geometry.ts';
import { type FormatName, formats } from '../../formats/index.gen.ts';
import type { BudgetedJob, Mezzanine, TransformJob, TransformResult } from '../../plan/engine-port.ts';
import { checkLimits, checkSourceBytes, limitsOf } from '../../plan/limits.ts';
import { mezzanineSizes, suitableMezzanine } from '../../plan/mezzanine.ts';
import { planTransform } from '../../plan/plan.ts';
import type { Plan } from '../../plan/plan-types.ts';
import { isHandedOver } from '../../plan/untouched.ts';
import { type PassedOver, planWithin } from '../../plan/within-budget.ts';
import { unwritableFormats } from '../availability.ts';
import { type EncoderTools, noTools } from '../codec.ts';
import { colourPolicy } from './colour.ts';
import { handOver } from './hand-over.ts';
import { withThumbnailFirst } from './heif-thumbnail.ts';
import { allBytes, inputOf } from './input.ts';
import { markOpener } from './marks.ts';
import { measure } from './measure.ts';
import type { OpenMark } from './passes.ts';
import { openMezzanine, openOriginal, type Picture, type Reading } from './picture.ts';
import { type Original, probe } from './probe.ts';
import { reduceInto } from './reduce.ts';
import { type Rendered, type Rendering, render } from './render.ts';
import { withoutThumbnails } from './thumbnails.ts';

/** One picture from source to result: header, limits, plan, pixels, encoding. @throws PictorError */
export async function transform(job: TransformJob, tools: EncoderTools = noTools): Promise<TransformResult> {
  const result = await transformWithin(job, tools);
  if ('passedOver' in result) throw new PictorError('INTERNAL', { detail: 'no budget was given' });
  return result;
}

/** As `transform`, unless the job has a budget and a negotiated format takes longer: then nothing is made. @throws PictorError */
export async function transformWithin(
  job: TransformJob | BudgetedJob,
  tools: EncoderTools = noTools,
): Promise<TransformResult | PassedOver> {
  const { inputs } = limitsOf(job.request, job.limits);
  const found = await probe(inputOf(job, job.request.source), inputs);
  checkSourceBytes(found.input.size, job.request);
  if (isHandedOver(job.request.output, found.format.name)) return handOver(found, job);
  const chosen = job.request.output.thumbnail === true ? await thumbnailOf(found) : found;
  const original = job.request.output.metadata === 'keep' ? await withoutThumbnails(chosen) : chosen;
  const open = markOpener(job);
  const started = performance.now();
  const openPicture = decodedOnce(original);
  const settled = await settlePlan({ job, original, openPicture, open, tools });
  if ('passedOver' in settled) return settled;
  const { plan } = settled;
  const rendering = { original, plan, open, tools };
  const reused = await fromMezzanine(job.mezzanines ?? [], rendering);
  const made = reused === null ? await madeOnTheWay(job, rendering) : [];
  const { bytes, width, height, lastChainAt } =
    reused ??
    (await fromMezzanine(made, rendering)) ??
    (await render(await openPicture(plan.decode.frames, colourPolicy(original.info, plan)), rendering));
  const ended = performance.now();
  const decoded = lastChainAt ?? ended;
  return {
    bytes,
    format: plan.encode.format,
    mediaType: formats[plan.encode.format as FormatName].mediaTypes[0],
    width,
    height,
    frames: plan.result.frames,
    source: original.info,
    timings: { decodeMs: decoded - started, encodeMs: ended - decoded },
    ...(reused === null ? {} : { reused: true }),
    ...(made.length === 0 ? {} : { mezzanines: made }),
  };
}

/**
 * The mezzanines, made of the same decode as the picture. None where the caller wants none, where the picture itself could
 * not be made of them, and where they cannot be made: that is no reason to fail.
 */
async function madeOnTheWay(
  { mezzaninesInto, limits }: TransformJob,
  { original, plan }: Rendering,
): Promise<readonly Mezzanine[]> {
  if (mezzaninesInto === undefined) return [];
  if (suitableMezzanine(plan, mezzanineSizes(original.info)) === undefined) return [];
  try {
    // The mount may let in more than the server: of that there are none.
    checkLimits(original.info, limits);
    return await reduceInto(original, mezzaninesInto);
  } catch {
    return [];
  }
}

/** Null where there is none, where it would show, and where it cannot be read: it may have been forgotten meanwhile. */
async function fromMezzanine(
  mezzanines: readonly Mezzanine[],
  rendering: Rendering,
): Promise<Rendered | null> {
  const mezzanine = suitableMezzanine(rendering.plan, mezzanines);
  if (mezzanine === undefined) return null;
  try {
    return await render(openMezzanine(mezzanine), rendering);
  } catch {
    return null;
  }
}

/** The thumbnail inside as an original of its own (imgproxy), or the original where there is none. */
async function thumbnailOf(original: Original): Promise<Original> {
  if (original.format !== formats.heic && original.format !== formats.avif) return original;
  const bytes = withThumbnailFirst(await allBytes(original.input));
  return bytes === null ? original : probe({ bytes });
}

type OpenPicture = (frames: number, reading?: Reading) => Promise<Picture>;

/** What libvips reads is decoded by each chain anew; what we decode ourselves is kept. */
function decodedOnce(original: Original): OpenPicture {
  let ours: Promise<Picture> | undefined;
  return (frames, reading) => {
    if (original.format.read?.by === 'libvips') return openOriginal(original, frames, reading);
    ours ??= openOriginal(original, frames, reading);
    return ours;
  };
}

interface Settling {
  readonly job: TransformJob | BudgetedJob;
  readonly original: Original;
  readonly openPicture: OpenPicture;
  readonly open: OpenMark;
  readonly tools: EncoderTools;
}

/** Plans, and answers what only pixels can tell until there is nothing left to ask. */
async function settlePlan({
  job,
  original,
  openPicture,
  open,
  tools,
}: Settling): Promise<{ readonly plan: Plan } | PassedOver> {
  const measured: Rect[] = [];
  const unwritable = unwritableFormats(tools);
  for (;;) {
    const question = { request: job.request, info: original.info, limits: job.limits, measured, unwritable };
    const planning = 'budgetMs' in job ? planWithin(question, job.budgetMs) : planTransform(question);
    if (!('measure' in planning)) return planning;
    measured.push(await measure(await openPicture(1), planning, open));
  }
}
