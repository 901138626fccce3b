import type { EmitEvent } from '../core/events.ts';
import type { Management } from '../http/management/listener.ts';
import type { StoragePlace } from '../request/storage.ts';
import type { ManagedMount, ManageOriginalsParts } from '../service/manage-originals.ts';
import type { Purging } from '../service/purge.ts';
import type { StorageWork } from '../service/storage-work.ts';
import { dialectOf } from './dialects.ts';
import type { Peers } from './processes/peers.ts';
import type { AppConfig } from './settings.ts';
import type { StorageMounts } from './storage-mounts.ts';

export interface ManagementFor {
  readonly config: AppConfig;
  readonly kept: StorageMounts | null;
  readonly mezzanines: ManageOriginalsParts['mezzanines'];
  readonly purging: Purging;
  readonly peers: Pick<Peers, 'settled'>;
  readonly emit: EmitEvent;
}

/** Only this machine gets there. */
const usualBind = '127.0.0.1:8082';

/** The management API. Null where there is no token: then none of its code is loaded. */
export async function openManagementFor(parts: ManagementFor): Promise<Management | null> {
  const { config, kept, mezzanines, purging, peers, emit } = parts;
  const { tokens, bind } = config.management;
  if (tokens.length === 0) return null;
  const [{ openManagement }, { createManageOriginals }] = await Promise.all([
    import('../http/management/listener.ts'),
    import('../service/manage-originals.ts'),
  ]);
  const manage =
    kept === null
      ? null
      : createManageOriginals({ ...ofAll(kept.works, peers), mezzanines, purge: purging.purge });
  return openManagement({
    bind: bind || usualBind,
    tokens,
    mounts: managedMounts(config, kept),
    manage,
    purging,
    emit,
  });
}

/** An original may have been read by mounts with other caches. */
const ofAll = (
  works: readonly StorageWork[],
  peers: Pick<Peers, 'settled'>,
): Pick<ManageOriginalsParts, 'objects' | 'maker'> => ({
  objects: {
    forget(address) {
      for (const { objects } of works) objects.forget(address);
    },
  },
  maker: {
    async settled(uris) {
      await Promise.all([peers.settled(uris), ...works.map(({ maker }) => maker.settled(uris))]);
    },
  },
});

function managedMounts({ mounts }: AppConfig, kept: StorageMounts | null): ManagedMount[] {
  return mounts.flatMap(({ dialect, settings }, index) => {
    const site = kept?.ofMounts[index]?.site;
    const grammar = dialectOf(dialect).storage;
    if (site === undefined || grammar === undefined) return [];
    const oneBucket = hasOneBucket(grammar.place(settings));
    return [{ site, dialect, oneBucket, keeps: grammar.takesUploads === true, family: grammar.family }];
  });
}

function hasOneBucket(place: StoragePlace): boolean {
  if (place.kind === 'folder') return place.single;
  return place.kind === 'mirrored' || place.s3.bucket !== '';
}
