import type { KeyObject } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { MountPolicy } from '../request/dialect.ts';
import { signingKey } from './storage-guard.ts';

/** The secrets of signed URLs, as they are now. */
export interface SigningSecrets {
  readonly keys: () => readonly KeyObject[];
  /** True: some of them are in a file. */
  readonly isFile: boolean;
  /** Reads the file, if there is one. @throws PictorError STORE_FAILED when it cannot be read or has no secret; the old ones stay */
  load(): Promise<void>;
  /** The same, told as a notice either way: for signals, and done by itself when the file changes. */
  reload(): void;
  watch(): void;
  close(): void;
}

export interface SigningSecretsParts {
  readonly policy: Pick<MountPolicy, 'signedUrls'>;
  readonly emit: EmitEvent;
  /** How often the file is looked at. */
  readonly intervalMs?: number;
}

/**
 * Secrets from the settings and those in a file: one per line, blank lines and lines that begin with `#` left out. The file
 * is polled, not watched by the kernel: whoever renews secrets replaces files and links.
 */
export function createSigningSecrets({
  policy: { signedUrls },
  emit,
  intervalMs = 5000,
}: SigningSecretsParts): SigningSecrets {
  const file = signedUrls?.secretsFile;
  const fixed = (signedUrls?.secrets ?? []).map(signingKey);
  let keys: readonly KeyObject[] = fixed;

  async function load(): Promise<void> {
    if (file === undefined) return;
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new PictorError('STORE_FAILED', { detail: `signing secrets ${file}: ${reason}`, cause });
    });
    const read = secretsIn(text);
    if (read.length === 0 && fixed.length === 0)
      throw new PictorError('STORE_FAILED', { detail: `signing secrets ${file}: there is no secret in it` });
    keys = [...fixed, ...read.map(signingKey)];
  }

  const reload = () => {
    if (file === undefined) return;
    load().then(
      () => emit({ type: 'notice', level: 'info', message: 'signing secrets loaded', facts: { file } }),
      (error: PictorError) =>
        emit({
          type: 'notice',
          level: 'warn',
          message: 'signing secrets not loaded, the old ones stay',
          facts: { detail: error.detail },
        }),
    );
  };

  return {
    keys: () => keys,
    isFile: file !== undefined,
    load,
    reload,
    watch() {
      if (file !== undefined) watchFile(file, { interval: intervalMs, persistent: false }, reload);
    },
    close() {
      if (file !== undefined) unwatchFile(file, reload);
    },
  };
}

const secretsIn = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
