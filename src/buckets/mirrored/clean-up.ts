import type { EmitEvent } from '../../core/events.ts';
import type { KeyedQueue } from '../../lib/keyed-queue.ts';
import type { FoundFile, ObjectFolder, WalkedFile } from '../folder/object-folder.ts';
import type { Remote } from './remote.ts';

export interface CleanUpOptions {
  readonly folder: ObjectFolder;
  readonly remote: Pick<Remote, 'head'>;
  /** Changes of one key wait for each other. */
  readonly queue: KeyedQueue;
  /** True: it has not arrived yet. */
  readonly owes: (key: string) => boolean;
  /** True: somebody was given its path a moment ago. */
  readonly inUse: (key: string) => boolean;
  readonly maxAgeMinutes: number;
  readonly emit: EmitEvent;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Looks at the remote at the same time. */
const atOnce = 8;

/**
 * Removes old files, and folders that are empty. Never a file that is owed to the remote, and none of which the remote has
 * not just said that it has it, of the same size: what somebody put into the folder by hand is an only copy.
 * @throws PictorError STORAGE_* when the remote or the disk does not answer; what was not removed stays
 */
export async function cleanUp(options: CleanUpOptions): Promise<void> {
  const { folder } = options;
  let onlyCopies = 0;
  let batch: WalkedFile[] = [];
  const flush = async () => {
    const outcomes = await Promise.all(batch.map((file) => removeIfSafe(options, file.key)));
    onlyCopies += outcomes.filter((outcome) => outcome === 'only-copy').length;
    batch = [];
  };
  for await (const file of folder.list('')) {
    if (!isDue(options, file)) continue;
    batch.push(file);
    if (batch.length === atOnce) await flush();
  }
  await flush();
  await folder.removeEmptyFolders();
  if (onlyCopies > 0) tell(options, onlyCopies);
}

function isDue(
  { owes, inUse, maxAgeMinutes, now }: CleanUpOptions,
  { key, modified, links }: Pick<WalkedFile, 'key' | 'modified' | 'links'>,
): boolean {
  // The second name of an owed file lies in the outbox, maybe that of another process.
  return links === 1 && modified < now() - maxAgeMinutes * 60_000 && !owes(key) && !inUse(key);
}

async function removeIfSafe(options: CleanUpOptions, key: string): Promise<'removed' | 'left' | 'only-copy'> {
  const { folder, remote, queue } = options;
  return queue.run(key, async () => {
    const safe = await remote.head(key);
    // Only now, for it may have been replaced since the listing; and from here on nobody can.
    const file: FoundFile | null = await folder.find(key);
    if (file === null || !isDue(options, { ...file, key })) return 'left';
    if (safe?.size !== file.size) return 'only-copy';
    await folder.discard(key);
    return 'removed';
  });
}

function tell({ emit }: CleanUpOptions, count: number): void {
  const message = 'old files are kept because the bucket does not have them';
  emit({ type: 'notice', level: 'warn', message, facts: { count } });
}
