import type { BucketObject } from '../../core/bucket.ts';
import { asPictorError, PictorError } from '../../core/errors.ts';
import type { EmitEvent } from '../../core/events.ts';
import type { KeyedQueue } from '../../lib/keyed-queue.ts';
import { createSingleFlight } from '../../lib/single-flight.ts';
import { onDisk } from '../folder/failure.ts';
import type { Incoming, StagedFile } from '../folder/incoming.ts';
import type { ObjectFolder } from '../folder/object-folder.ts';
import type { Remote } from './remote.ts';

/** What came of fetching an object: it lies here now, there is none, or this disk cannot take it. */
type Fetched = 'here' | 'missing' | 'no-room';

/** Brings objects from the remote into the folder: each once, however many want it. */
export interface Downloads {
  /** @throws PictorError STORAGE_* of the remote, CANCELLED */
  fetch(key: string, signal: AbortSignal): Promise<Fetched>;
  /** What is on its way under this key is not kept, or lies in the folder when this settles. */
  disown(key: string): Promise<void>;
}

export interface DownloadsOptions {
  readonly remote: Remote;
  readonly folder: ObjectFolder;
  readonly incoming: Incoming;
  /** Changes of one key wait for each other. */
  readonly queue: KeyedQueue;
  readonly emit: EmitEvent;
}

interface Transfer {
  disowned: boolean;
  /** Not null: it is being put into the folder, or was. */
  placing: Promise<void> | null;
}

export function createDownloads({ remote, folder, incoming, queue, emit }: DownloadsOptions): Downloads {
  const flight = createSingleFlight<Fetched>();
  const underWay = new Map<string, Transfer>();
  let diskTold = false;

  async function bring(key: string, signal: AbortSignal): Promise<Fetched> {
    const transfer: Transfer = { disowned: false, placing: null };
    underWay.set(key, transfer);
    try {
      const found = await remote.get(key, { signal });
      if (found === null) return 'missing';
      const staged = await stageFrom(found, signal);
      if (staged === null) return 'no-room';
      try {
        return await queue.run(key, async () => {
          if (transfer.disowned) return 'missing';
          // What was put meanwhile is newer.
          transfer.placing = folder.placeNew(key, staged);
          await transfer.placing;
          return 'here';
        });
      } finally {
        await staged.drop();
      }
    } finally {
      if (underWay.get(key) === transfer) underWay.delete(key);
    }
  }

  /** Null: the disk's fault, not the remote's. */
  async function stageFrom(found: BucketObject, signal: AbortSignal): Promise<StagedFile | null> {
    let remoteFailure: unknown;
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield* found.body;
      } catch (thrown) {
        remoteFailure = thrown;
        throw thrown;
      }
    }
    try {
      const staged = await onDisk(() => incoming.stage(watched(), signal));
      if (staged.size === found.size) return staged;
      await staged.drop();
      remoteFailure = new PictorError('STORAGE_FAILED', {
        detail: `${staged.size} of ${found.size} bytes`,
      });
      throw remoteFailure;
    } catch (thrown) {
      if (remoteFailure !== undefined || signal.aborted) throw thrown;
      tellDisk(thrown);
      return null;
    }
  }

  function tellDisk(thrown: unknown): void {
    if (diskTold) return;
    diskTold = true;
    const { detail } = asPictorError(thrown);
    const message =
      'copies of kept objects cannot be written to disk; they are read from the bucket each time';
    emit({ type: 'notice', level: 'error', message, facts: { detail } });
  }

  return {
    fetch: (key, signal) => flight.join(key, signal, (shared) => bring(key, shared)),
    async disown(key) {
      const transfer = underWay.get(key);
      if (transfer === undefined) return;
      transfer.disowned = true;
      await transfer.placing?.catch(() => {});
    },
  };
}
