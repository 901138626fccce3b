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
import type { Storages } from './storages.ts';

/** A mount that keeps pictures: where, who may, and what is done with them. */
export interface KeptMount {
  readonly site: StorageSite;
  readonly guard: StorageGuard;
  readonly work: StorageWork;
}

/** All mounts that keep pictures, and what they do. */
export interface StorageMounts {
  /** In the order of the mounts; null where a dialect keeps nothing. */
  readonly ofMounts: readonly (KeptMount | null)[];
  /** One for each cache that such a mount has. */
  readonly works: readonly StorageWork[];
  /** Reads the files of signing secrets again. Null: there is none. */
  readonly reload: (() => void) | null;
  /** Once no request is answered any more: waits for what follows replies. */
  close(): Promise<void>;
}

export interface StorageMountsParts {
  readonly config: AppConfig;
  readonly storages: Storages;
  readonly emit: EmitEvent;
  /** That of each mount, in their order: places in `works`. */
  readonly caches: readonly number[];
  /** For each cache. */
  readonly works: readonly CacheWork[];
}

/** What is done with pictures whose copies lie in one cache. */
export interface CacheWork extends Omit<StorageWorkParts, 'stagingParent' | 'variantsAtOnce'> {
  /** Folder of the cache; empty: it has none. */
  readonly dir: string;
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
  const [{ createStorageWork }, { openShelves }] = await Promise.all([
    import('../service/storage-work.ts'),
    import('./shelves.ts'),
  ]);
  const used = new Set(parts.caches.filter((_, index) => storages.ofMounts[index] !== null));
  const works = parts.works.map(({ dir, ...each }, index) => {
    const stagingParent = dir === '' ? tmpdir() : path.resolve(dir, 'uploads');
    return used.has(index) ? createStorageWork({ ...each, stagingParent, variantsAtOnce }) : null;
  });
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
      const work = works[parts.caches[index] ?? 0] ?? null;
      if (work === null) return null;
      return {
        work,
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
    works: works.filter((work) => work !== null),
    reload: secrets.some(({ isFile }) => isFile)
      ? () => {
          for (const each of secrets) each.reload();
        }
      : null,
    async close() {
      for (const each of secrets) each.close();
      await Promise.all(works.map(async (work) => work?.drain()));
      await Promise.all(works.map(async (work) => work?.close()));
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
    const field = 'file' in verify.key ? 'keyFile' : 'key';
    throw new ConfigError([{ where: `mounts[${mount}].settings.verify.${field}`, message }]);
  }
  return verifier.verify;
}
