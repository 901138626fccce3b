import type { ListedObject } from '../core/bucket.ts';
import { eachAtOnce } from './each-at-once.ts';
import type { ManagedMount, ManageOriginalsParts, OriginalAddress } from './manage-originals.ts';
import type { PurgeScope } from './purge-marks.ts';
import { bucketOf, uriOf } from './storage-site.ts';

/** All originals whose keys begin so. */
export interface EraseOrder extends Omit<OriginalAddress, 'key'> {
  readonly prefix: string;
  /** For how long it goes on, milliseconds. */
  readonly milliseconds: number;
  /** Ends it earlier. */
  readonly signal: AbortSignal;
}

/** What one call has done. */
export interface Erased {
  /** False: there was no time for all of it. */
  readonly done: boolean;
  readonly originals: number;
  /** With what was made of them, and files beside them. */
  readonly objects: number;
}

export interface Eraser {
  /** How many objects there were. @throws PictorError STORAGE_*, STORE_FAILED */
  remove(address: OriginalAddress): Promise<number>;
  /** @throws PictorError STORAGE_*, STORE_FAILED: calling again goes on */
  erase(order: EraseOrder): Promise<Erased>;
}

/** Objects that are removed at the same time. */
const atOnce = 16;

/** Another server may put a variant there that it was making: so often is looked again. */
const mostLooks = 3;

/**
 * Removes originals for good. The original goes first: from then on nobody can begin to make anything of it. Then the purge:
 * what was begun before does not count and is kept nowhere. What is on its way into the bucket is waited for, and then all
 * that lies there is removed. Until then any process may have read some of that, so a second purge comes last.
 */
export function createEraser({ objects, maker, mezzanines, purge }: ManageOriginalsParts): Eraser {
  async function removeObject(address: OriginalAddress): Promise<void> {
    const { mount, bucket, key } = address;
    const site = mount.site;
    await bucketOf({ site, bucket }).delete(key);
    objects.forget({ site, bucket, key });
  }

  async function removeOriginal(address: OriginalAddress): Promise<void> {
    await removeObject(address);
    // Those that are being made are dropped by the purge.
    await mezzanines.forget(uriIn(address)).catch(() => {});
  }

  /** Removes what belongs to originals, until nothing more turns up. */
  async function removeBelongings(
    { mount, bucket, prefix }: Omit<EraseOrder, 'milliseconds' | 'signal'>,
    { isOurs, goesOn }: Choice,
  ): Promise<number> {
    let removed = 0;
    for (let look = 0; look < mostLooks; look += 1) {
      const before = removed;
      const listed = bucketOf({ site: mount.site, bucket }).list(prefix);
      await eachAtOnce(whichAre(listed, { isOurs, goesOn }), atOnce, async ({ key }) => {
        await removeObject({ mount, bucket, key });
        removed += 1;
      });
      if (removed === before || !goesOn()) break;
    }
    return removed;
  }

  return {
    async remove(address) {
      const { mount, bucket, key } = address;
      const family = mount.family(key);
      if (family?.original !== key) return 0;
      const wasThere = (await bucketOf({ site: mount.site, bucket }).head(key)) !== null;
      await removeOriginal(address);
      await purge(scopesOf(address));
      await maker.settled(uriIn({ mount, bucket, key: family.prefix ?? key }));
      if (family.prefix === null) return wasThere ? 1 : 0;
      const isOurs = (other: string) => mount.family(other)?.original === key;
      const removed = await removeBelongings(
        { mount, bucket, prefix: family.prefix },
        { isOurs, goesOn: () => true },
      );
      await purge(scopesOf(address));
      return removed + (wasThere ? 1 : 0);
    },
    async erase({ mount, bucket, prefix, milliseconds, signal }) {
      const until = performance.now() + milliseconds;
      const goesOn = () => !signal.aborted && performance.now() < until;
      const isOriginal = (key: string) => mount.family(key)?.original === key;
      let originals = 0;
      const scope = [{ prefix: uriIn({ mount, bucket, key: prefix }) }];
      try {
        const listed = bucketOf({ site: mount.site, bucket }).list(prefix);
        await eachAtOnce(whichAre(listed, { isOurs: isOriginal, goesOn }), atOnce, async ({ key }) => {
          await removeOriginal({ mount, bucket, key });
          originals += 1;
        });
      } finally {
        // Also of those that were removed before it failed or ended.
        await purge(scope);
      }
      if (!goesOn()) return { done: false, originals, objects: originals };
      await maker.settled(uriIn({ mount, bucket, key: prefix }));
      // What has been uploaded meanwhile stays.
      const isLeft = (key: string) => {
        const original = mount.family(key)?.original;
        return original !== undefined && original !== key && original.startsWith(prefix);
      };
      const removed = await removeBelongings({ mount, bucket, prefix }, { isOurs: isLeft, goesOn });
      await purge(scope);
      return { done: goesOn(), originals, objects: originals + removed };
    },
  };
}

/** Which objects of a list are meant, and whether there is still time. */
interface Choice {
  readonly isOurs: (key: string) => boolean;
  readonly goesOn: () => boolean;
}

async function* whichAre(
  listed: AsyncIterable<ListedObject>,
  { isOurs, goesOn }: Choice,
): AsyncGenerator<ListedObject> {
  for await (const object of listed) {
    if (!goesOn()) return;
    if (isOurs(object.key)) yield object;
  }
}

const uriIn = ({ mount, bucket, key }: { mount: ManagedMount; bucket: string; key: string }): string =>
  uriOf({ site: mount.site, bucket, key });

/** An original and all that belongs to it, as their copies are found. */
export function scopesOf(address: OriginalAddress): PurgeScope[] {
  const uri = uriIn(address);
  const prefix = address.mount.family(address.key)?.prefix ?? null;
  if (prefix === null) return [{ uri }];
  const family = { prefix: uriIn({ ...address, key: prefix }) };
  return uri.startsWith(family.prefix) ? [family] : [{ uri }, family];
}
