import { spawnSync } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Why a test that needs a small disk is skipped. */
export const noSmallDisk = 'needs root on Linux, to mount a small file system';

/** A file system of its own, gone with the test; null where that is not possible. @param options of `mount` for tmpfs */
export async function smallDisk(
  context: TestContext,
  bytes: number,
  ...options: readonly string[]
): Promise<string | null> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const folder = await mkdtemp(join(tmpdir(), 'pictor-test-'));
  const terms = [`size=${bytes}`, 'mode=0700', ...options].join(',');
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', terms, 'pictor-test', folder]).status === 0;
  context.after(async () => {
    if (mounted) spawnSync('umount', ['-l', folder]);
    await rmdir(folder);
  });
  return mounted ? folder : null;
}
