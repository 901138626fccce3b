import type { EncodeSpec } from '../../core/format.ts';
import { lowerQuality } from '../../plan/lower-quality.ts';
import type { Plan } from '../../plan/plan-types.ts';
import type { Encoded } from './encode.ts';

type EncodeAt = (spec: EncodeSpec) => Promise<Encoded>;

/**
 * Encodes at ever lower quality until the result is within the byte budget of the plan, or nothing is to be gained. The
 * last result counts, also when it is still too large (imgproxy).
 * @param first the result at the quality of the plan
 * @param prepare called once, when there is something to do: keeps the pixels for all rounds
 */
export async function fitBytes(
  first: Encoded,
  { encode: spec, maxBytes }: Plan,
  prepare: () => Promise<EncodeAt>,
): Promise<Encoded> {
  let result = first;
  let encodeAt: EncodeAt | undefined;
  let { quality } = spec;
  while (quality !== undefined && maxBytes !== undefined) {
    const lower = lowerQuality(quality, result.bytes.length, maxBytes);
    if (lower === null) break;
    encodeAt ??= await prepare();
    const next = await encodeAt({ ...spec, quality: lower });
    // Without loss, quality changes nothing.
    if (next.bytes.length === result.bytes.length) break;
    result = next;
    quality = lower;
  }
  return result;
}
