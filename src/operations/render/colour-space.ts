import type { Sharp } from 'sharp';
import type { Colour } from '../../core/geometry.ts';
import type { StepInputs } from '../../core/operation.ts';

/**
 * Prepares a chain for a colour that is laid under or around the picture. On a picture in shades of grey sharp takes the
 * colour's luminance (extend) or its red channel (flatten), so the work has to happen in sRGB. Only then, because it costs
 * shrinking on load.
 */
export function readyForColour(chain: Sharp, { r, g, b }: Colour, { grey }: StepInputs): Sharp {
  return grey && (r !== g || g !== b) ? chain.pipelineColourspace('srgb') : chain;
}
