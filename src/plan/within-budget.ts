import type { ImageRequest } from '../request/image-request.ts';
import { encodeMilliseconds } from './encode-cost.ts';
import { type PlanQuestion, planTransform } from './plan.ts';
import type { Planning } from './plan-types.ts';

/** Formats the client would like best but that take too long to wait for, best first. There are others to give meanwhile. */
export interface PassedOver {
  readonly passedOver: readonly string[];
}

/**
 * Plans as `planTransform`, unless a negotiated format was chosen whose encoder takes longer than the budget by estimate:
 * then only what is passed over is told. What the request names by itself (`exact`, `preferred`) is never too slow, and
 * neither is what would come out without negotiation too.
 * @param budgetMs CPU milliseconds
 * @throws PictorError as `planTransform`
 */
export function planWithin(question: PlanQuestion, budgetMs: number): Planning | PassedOver {
  const planning = planTransform(question);
  if (!('plan' in planning)) return planning;
  const { encode } = planning.plan;
  const { negotiated = [] } = question.request.output.format;
  if (!negotiated.includes(encode.format) || encodeMilliseconds(encode) <= budgetMs) return planning;
  const other = otherPlanning(
    { ...question, request: withoutFormats(question.request, [encode.format]) },
    budgetMs,
  );
  if (other === null || ('plan' in other && other.plan.encode.format === encode.format)) return planning;
  return { passedOver: [encode.format, ...('passedOver' in other ? other.passedOver : [])] };
}

/** Null where there is nothing else to give. */
function otherPlanning(question: PlanQuestion, budgetMs: number): Planning | PassedOver | null {
  try {
    return planWithin(question, budgetMs);
  } catch {
    return null;
  }
}

/** The same request as a client sends it that does not take these formats. */
export function withoutFormats(request: ImageRequest, names: readonly string[]): ImageRequest {
  const { format, formatQuality, encoder, ...output } = request.output;
  const { negotiated = [], ...choice } = format;
  const left = negotiated.filter((name) => !names.includes(name));
  const { exact, preferred = [] } = choice;
  // What the URL would give without negotiation keeps what is said of it.
  const gone = names.filter((name) => name !== exact && !preferred.includes(name));
  return {
    ...request,
    output: {
      ...output,
      format: { ...choice, ...(left.length === 0 ? {} : { negotiated: left }) },
      ...fieldWithout('formatQuality', formatQuality, gone),
      ...fieldWithout('encoder', encoder, gone),
    },
  };
}

function fieldWithout<Name extends string, Value>(
  name: Name,
  values: Readonly<Record<string, Value>> | undefined,
  gone: readonly string[],
): Partial<Record<Name, Readonly<Record<string, Value>>>> {
  if (values === undefined) return {};
  const kept = Object.fromEntries(Object.entries(values).filter(([format]) => !gone.includes(format)));
  return { [name]: kept } as Partial<Record<Name, Readonly<Record<string, Value>>>>;
}
