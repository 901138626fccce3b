import type { Frame, PlannedOperation } from '../../core/operation.ts';
import { isUpright, type Turn, turnedSize } from './orientation.ts';

/** One `orient` step, or none for a turn that changes nothing. */
export function planTurn(frame: Frame, turn: Turn): PlannedOperation {
  if (isUpright(turn)) return { steps: [], frame };
  return { steps: [{ step: 'orient', ...turn }], frame: { ...frame, ...turnedSize(frame, turn) } };
}
