import type { ImageLimits } from '../core/image-info.ts';
import type { FileStore } from '../core/ports.ts';
import type { Gate } from '../lib/gate.ts';
import type { Engine, Mezzanine } from '../plan/engine-port.ts';
import { needsOriginal } from '../plan/mezzanine.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { HeldOriginal } from './held-original.ts';
import type { IdleLane } from './idle-lane.ts';
import { createKeptMezzanines } from './kept-mezzanines.ts';
import type { PurgeMarks } from './purge-marks.ts';
import type { RunOnce } from './run-once.ts';
import { createSharedDecodes, type Shared, shareNothing } from './shared-decodes.ts';

export interface MezzanineParts {
  /** Null: none are made. */
  readonly store: FileStore | null;
  readonly engine: Pick<Engine, 'reduce' | 'inspect'>;
  readonly lane: Pick<IdleLane, 'add' | 'forget'>;
  /** Of the requests. */
  readonly gate: Pick<Gate, 'ask'>;
  readonly limits: ImageLimits;
  readonly purges: Pick<PurgeMarks, 'of' | 'isGone'>;
  /** Among all processes of this machine. Absent: there is one. */
  readonly runOnce?: RunOnce;
}

/** Smaller copies of large originals, which spare further variants the decoding. */
export interface Mezzanines {
  /** Those of an original of which this picture is to be made, the largest first. Never rejects. */
  find(original: HeldOriginal, image: ImageRequest): Promise<readonly Mezzanine[]>;
  /** A picture of this original is to be made: its part in what is done for all that are wanted at the same time. */
  join(original: HeldOriginal, image: ImageRequest): Shared;
  /** Drops those of an original. */
  forget(uri: string): Promise<void>;
  /** Waits for what is under way. */
  drain(): Promise<void>;
}

const laneNameOf = (uri: string): string => `mezzanine ${uri}`;

export function createMezzanines(parts: MezzanineParts): Mezzanines {
  const { store, lane, purges } = parts;
  if (store === null) return noMezzanines;
  const kept = createKeptMezzanines(store, purges);
  const decodes = createSharedDecodes({ ...parts, kept, laneNameOf });

  return {
    async find({ uri, version }, { output }) {
      if (needsOriginal(output)) return [];
      const present = await kept.find(uri);
      return present.filter((each) => each.version === version);
    },
    join(original, image) {
      const { freshness, memory } = original;
      if (!freshness.storable || memory !== undefined || needsOriginal(image.output)) return shareNothing;
      return decodes.join(original, image);
    },
    async forget(uri) {
      lane.forget(laneNameOf(uri));
      await kept.drop(uri);
    },
    drain: decodes.drain,
  };
}

/** Every variant is made of the original itself. */
export const noMezzanines: Mezzanines = {
  find: async () => [],
  join: () => shareNothing,
  forget: async () => {},
  drain: async () => {},
};
