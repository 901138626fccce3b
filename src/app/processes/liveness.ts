import type { EmitEvent } from '../../core/events.ts';
import type { Serving } from './serving.ts';

export interface LivenessParts {
  /** Those that should answer. */
  readonly serving: () => readonly Serving[];
  readonly emit: EmitEvent;
  /** Milliseconds between two looks. */
  readonly everyMs?: number;
}

/** Looks after which one that says nothing is given up. More than one, as everything may have stood still for a while. */
const mostMissed = 3;

/**
 * Ends processes whose event loop hangs: probes are answered by the primary, so nobody else would notice, and connections that
 * the kernel gives to such a process wait for ever. Whoever replaces those that end does the rest.
 */
export function watchLiveness({ serving, emit, everyMs = 10_000 }: LivenessParts): { stop(): void } {
  const missed = new WeakMap<Serving, number>();

  function look(each: Serving): void {
    const count = missed.get(each) ?? 0;
    if (count >= mostMissed) {
      missed.delete(each);
      endHanging(each, emit);
      return;
    }
    missed.set(each, count + 1);
    if (count > 0) return;
    each.channel.ask('ping').then(
      () => missed.delete(each),
      () => {},
    );
  }

  const timer = setInterval(() => serving().forEach(look), everyMs).unref();
  return { stop: () => clearInterval(timer) };
}

/** Tells of it as well. */
export function endHanging({ index, pid, kill }: Serving, emit: EmitEvent): void {
  const facts = { process: index + 1, pid };
  emit({ type: 'notice', level: 'error', message: 'a serving process hangs and is ended', facts });
  kill();
}
