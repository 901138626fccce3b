import type { FileStore } from '../core/ports.ts';

/** A store that is opened when it is first used. What fails then fails again, and is told, each time. */
export function openedLate(name: string, open: () => Promise<FileStore>): FileStore {
  let store: FileStore | null = null;
  let opening: Promise<FileStore> | null = null;
  const opened = () => {
    opening ??= open().then(
      (made) => {
        store = made;
        return made;
      },
      (thrown: unknown) => {
        opening = null;
        throw thrown;
      },
    );
    return opening;
  };
  return {
    name,
    get: async (key) => (await opened()).get(key),
    put: async (key, body, meta) => (await opened()).put(key, body, meta),
    draft: async (ending) => (await opened()).draft(ending),
    adopt: async (key, draft, meta) => (await opened()).adopt(key, draft, meta),
    setMeta: async (key, meta) => (await opened()).setMeta(key, meta),
    delete: async (key) => (await opened()).delete(key),
    async erase(key) {
      const store = await opened();
      await (store.erase ?? store.delete)(key);
    },
    usage: () => store?.usage?.() ?? { bytes: 0, entries: 0 },
    async close() {
      if (opening !== null) await (await opening.catch(() => null))?.close();
    },
  };
}
