import type { PlannedStep, StepName, StepRenderer } from '../../core/operation.ts';
import { renderers } from '../index.gen.ts';

/**
 * The renderer of a step. Only hand it steps of this very kind: TypeScript cannot see that the name picks a renderer for
 * the step it was read from.
 */
export const rendererOf = ({ step }: PlannedStep): StepRenderer<StepName> =>
  renderers[step] as StepRenderer<StepName>;
