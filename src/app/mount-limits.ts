import type * as z from 'zod';
import type { LimitName, LimitsSettings, MountLimitsSettings } from '../plan/settings.ts';
import type { MountLimits } from '../request/image-request.ts';

/** The bounds of a mount as every request of it carries them; undefined: those of the server. */
export function mountLimitsOf(settings: MountLimitsSettings | undefined): MountLimits | undefined {
  const { mayExceed: _, ...bounds } = settings ?? {};
  const set = Object.entries(bounds).filter(([, value]) => value !== undefined);
  return set.length === 0 ? undefined : Object.fromEntries(set);
}

interface Limited {
  readonly limits: LimitsSettings;
  readonly mounts: readonly { readonly limits?: MountLimitsSettings | undefined }[];
}

/**
 * Nobody lifts by accident what protects the whole process: a mount's bound above the server's is said to be meant. A mount that
 * was refused is a hole in the list.
 */
export function checkMountLimits({ limits, mounts }: Limited, context: z.RefinementCtx): void {
  mounts.forEach(({ limits: own }, index) => {
    if (own?.mayExceed === true) return;
    for (const name of Object.keys(mountLimitsOf(own) ?? {}) as LimitName[]) {
      const bound = limits[name];
      const value = own?.[name];
      if (value === undefined || isWithin(value, bound)) continue;
      const message = `this is above limits.${name} of the server, ${bound}: lower it, or say that it is meant by mayExceed: true beside it`;
      context.addIssue({ code: 'custom', path: ['mounts', index, 'limits', name], message });
    }
  });
}

const isWithin = (value: number, bound: number): boolean => bound === 0 || (value !== 0 && value <= bound);
