import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError } from '../config/problems.ts';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { MountPolicy } from '../request/dialect.ts';
import { createSigningSecrets, type SigningSecrets } from '../service/signing-secrets.ts';
import { createStorageGuard, type StorageGuard, type VerifyToken } from '../service/storage-guard.ts';
import type { StorageSite } from '../service/storage-site.ts';
import type { StorageWork, StorageWorkParts } from '../service/storage-work.ts';
import { dialectOf } from './dialects.ts';
import { mountLimitsOf } from './mount-limits.ts';
import { type MountSettings, mountName } from './mounts.ts';
import type { AppConfig } from './settings.ts';
import { openShelves } from './shelves.ts';
import type { Storages } from './storages.ts';

/** A mount that keeps pictures: where, and who may. */
export interface KeptMount {
  readonly site: StorageSite;
  readonly guard: StorageGuard;
}

/** All mounts that keep pictures, and what they do. */
export interface StorageMounts {
  /** In the order of the mounts; null where a dialect keeps nothing. */
  readonly ofMounts: readonly (KeptMount | null)[];
  readonly work: StorageWork;
  /** Reads the files of signing secrets again. Null: there is none. */
  readonly reload: (() => void) | null;
  /** Once no request is answered any more: waits for what follows replies. */
  close(): Promise<void>;
}

export interface StorageMountsParts {
  readonly config: AppConfig;
  readonly storages: Storages;
  readonly emit: EmitEvent;
  readonly work: Omit<StorageWorkParts, 'stagingParent' | 'variantsAtOnce'>;
}

/** Variants of one call that are made at the same time: as many as image-server made. */
const variantsAtOnce = 4;

/**
 * Opens what mounts with a storage need. Null when there is none: then no code of it is loaded.
 * @throws PictorError STORE_FAILED when a file of secrets cannot be used
 * @throws ConfigError for keys of tokens that cannot be
 */
export async function openStorageMounts(parts: StorageMountsParts): Promise<StorageMounts | null> {
  const { config, storages, emit } = parts;
  if (storages.source === null) return null;
  const { createStorageWork } = await import('../service/storage-work.ts');
  const dir = config.cache.dir;
  const stagingParent = dir === '' ? tmpdir() : path.resolve(dir, 'uploads');
  const work = createStorageWork({ ...parts.work, stagingParent, variantsAtOnce });
  const shelves = await openShelves(config.mounts, emit);
  const secrets: SigningSecrets[] = [];
  const ofMounts = await Promise.all(
    config.mounts.map(async (mount, index): Promise<KeptMount | null> => {
      const storage = storages.ofMounts[index] ?? null;
      if (storage === null) return null;
      const policy = policyOf(mount);
      const signing = createSigningSecrets({ policy, emit });
      secrets.push(signing);
      await signing.load();
      signing.watch();
      const limits = mountLimitsOf(mount.limits);
      const bounds = limits === undefined ? {} : { limits };
      return {
        site: { ...storage, mount: mountName(mount), shelf: shelves.ofMounts[index] ?? null, ...bounds },
        guard: createStorageGuard({
          policy,
          secrets: signing.keys,
          verify: await verifierOf(policy, { mount: index, emit }),
        }),
      };
    }),
  );
  return {
    ofMounts,
    work,
    reload: secrets.some(({ isFile }) => isFile)
      ? () => {
          for (const each of secrets) each.reload();
        }
      : null,
    async close() {
      for (const each of secrets) each.close();
      await work.drain();
      await work.close();
      await shelves.close();
    },
  };
}

const policyOf = ({ dialect, settings }: MountSettings): MountPolicy => dialectOf(dialect).policy(settings);

/** What checks tokens is only loaded where there are some. @throws ConfigError for a key that cannot be used */
async function verifierOf(
  { verify }: MountPolicy,
  { mount, emit }: { readonly mount: number; readonly emit: EmitEvent },
): Promise<VerifyToken | null> {
  if (verify === undefined) return null;
  const { createTokenVerifier } = await import('../service/verify-token.ts');
  const verifier = createTokenVerifier(verify, { emit, now: Date.now });
  try {
    await verifier.load();
  } catch (thrown) {
    if (!(thrown instanceof PictorError)) throw thrown;
    const message = `tokens cannot be checked: ${thrown.detail ?? thrown.message}`;
    throw new ConfigError([{ where: `mounts[${mount}].settings.verify`, message }]);
  }
  return verifier.verify;
}
