import { LRUCache } from 'lru-cache';
import type { ImageInfo } from '../core/image-info.ts';
import { createLastUsed } from '../lib/last-used.ts';
import type { Mezzanine, TransformJob, TransformResult } from '../plan/engine-port.ts';
import { mayBeMadeOfMezzanine, mezzanineSizes } from '../plan/mezzanine.ts';
import type { PassedOver } from '../plan/within-budget.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { HeldOriginal } from './held-original.ts';
import type { KeptMezzanines } from './kept-mezzanines.ts';
import type { MezzanineParts } from './mezzanines.ts';
import { runAlone } from './run-once.ts';

/** One picture among those of an original. */
export interface Shared {
  /**
   * Whether it takes a place at the gate that is free. False while the mezzanines of which it can be made are on their way:
   * it would do their work once more. For the gate, which asks again when they are there, or will not be.
   */
  take(): boolean;
  /** What its job gets besides, now that it has a place. @throws never */
  begin(): Promise<Pick<TransformJob, 'mezzanines' | 'mezzaninesInto'>>;
  /** What came of it. */
  made(result: TransformResult | PassedOver): void;
  /** It has ended, however it did. */
  leave(): void;
}

interface Parts extends Omit<MezzanineParts, 'store'> {
  readonly kept: KeptMezzanines;
  readonly laneNameOf: (uri: string) => string;
}

interface Picture {
  readonly image: ImageRequest;
  /** Has a place at the gate, or had one. */
  begun: boolean;
  /** Whether it can be made of the mezzanines; undefined: nobody has asked yet. */
  usable?: boolean;
}

/**
 * How far it is with the mezzanines of an original:
 * - `looking` whether there are any; `there` are; there are `none`, and nobody makes them
 * - `preparing`: they are worth making, and it is found out whether another process is at it
 * - `wanted`: the next picture that can be made of them is to make them on the way; `making`: somebody does
 */
type Stage = 'looking' | 'there' | 'none' | 'preparing' | 'wanted' | 'making';

/** The pictures of one version of an original that are wanted now. */
interface Group {
  readonly name: string;
  readonly original: HeldOriginal;
  readonly pictures: Set<Picture>;
  stage: Stage;
  found: readonly Mezzanine[];
  info: ImageInfo | undefined;
  /** Settles when it has been looked for them. */
  looked: Promise<void>;
  /** Who makes them on the way. */
  maker: { readonly picture: Picture } | null;
  /** Ends the time in which they are wanted. */
  settle: () => void;
}

/** Originals of which one picture was made, or no mezzanines can be. */
const remembered = 10_000;

/** After that it is tried again: what failed may have been the picture that was to make them, or a disk that was full. */
const failedMilliseconds = 600_000;

const never = new AbortController().signal;

/**
 * Decodes a large original once for all pictures of it that are wanted at the same time: one of them makes the mezzanines
 * on its way, and those that can be made of them wait for that in front of the gate. The first picture of an original waits
 * for nothing: it is made directly, and the mezzanines when there is time, or on the way of the second.
 */
export function createSharedDecodes(parts: Parts) {
  const { kept, engine, lane, gate, limits, purges, runOnce = runAlone } = parts;
  const groups = new Map<string, Group>();
  /** By name: what is known of originals of which one picture was made directly. */
  const pictured = createLastUsed<ImageInfo>(remembered);
  const failed = new LRUCache<string, true>({ max: remembered, ttl: failedMilliseconds });
  const running = new Set<Promise<void>>();

  function inBackground(work: Promise<void>): Promise<void> {
    const settled = work.catch(() => {}).finally(() => running.delete(settled));
    running.add(settled);
    return settled;
  }

  /** What was purged is for nobody who came after that. */
  const nameOf = ({ uri, version }: HeldOriginal): string => `${uri}\n${version}\n${purges.of(uri)}`;

  function groupOf(original: HeldOriginal): Group {
    const name = nameOf(original);
    const present = groups.get(name);
    if (present !== undefined) return present;
    const group: Group = {
      name,
      original,
      pictures: new Set(),
      stage: 'looking',
      found: [],
      info: pictured.get(name),
      looked: Promise.resolve(),
      maker: null,
      settle: () => {},
    };
    groups.set(name, group);
    const known = kept.known(original.uri);
    if (known === undefined) group.looked = inBackground(look(group));
    else found(group, known);
    return group;
  }

  async function look(group: Group): Promise<void> {
    const { uri } = group.original;
    found(group, await kept.look(uri).catch(() => []));
    moved(group);
  }

  function found(group: Group, present: readonly (Mezzanine & Pick<HeldOriginal, 'version'>)[]): boolean {
    group.found = present.filter(({ version }) => version === group.original.version);
    group.stage = group.found.length > 0 ? 'there' : 'none';
    // The original has changed: nobody will ask for those again.
    if (group.stage === 'none' && present.length > 0) void inBackground(kept.drop(group.original.uri));
    return group.stage === 'there';
  }

  /** To be called after each change of stage and of pictures. */
  function moved(group: Group): void {
    if (group.stage === 'wanted' && waitingFor(group) === 0) {
      group.stage = 'none';
      group.settle();
    }
    if (isWorthMaking(group)) {
      group.stage = 'preparing';
      void inBackground(prepare(group));
    }
    if (group.pictures.size === 0 && (group.stage === 'none' || group.stage === 'there')) {
      if (groups.get(group.name) === group) groups.delete(group.name);
    }
    gate.ask();
  }

  /** Pictures that have not begun and can be made of the mezzanines. */
  const waitingFor = (group: Group): number =>
    [...group.pictures].filter((picture) => !picture.begun && isUsable(group, picture)).length;

  function isUsable({ info }: Group, picture: Picture): boolean {
    if (info === undefined) return true;
    picture.usable ??= mayBeMadeOfMezzanine({ request: picture.image, info, limits });
    return picture.usable;
  }

  /** Two pictures wait, or one does after another one that was made directly. */
  function isWorthMaking(group: Group): boolean {
    if (group.stage !== 'none' || group.pictures.size === 0 || failed.has(group.name)) return false;
    const waiting = waitingFor(group);
    const hasFirst = pictured.has(group.name) || [...group.pictures].some(({ begun }) => begun);
    return waiting > 1 || (waiting === 1 && hasFirst);
  }

  /** In one process at a time, so that those after it find what was made. */
  async function inTurn(group: Group, make: () => Promise<void>): Promise<void> {
    try {
      await runOnce({
        name: `mezzanine ${group.name}`,
        signal: never,
        work: async () => {
          if (!found(group, await kept.look(group.original.uri))) await make();
        },
      });
    } catch (thrown) {
      failed.set(group.name, true);
      throw thrown;
    } finally {
      if (group.stage !== 'there') group.stage = 'none';
      group.maker = null;
      moved(group);
    }
  }

  async function prepare(group: Group): Promise<void> {
    if (group.info === undefined) {
      await getToKnow(group);
      // Not for all pictures that wait, perhaps: it is looked again who does.
      group.stage = 'none';
      return moved(group);
    }
    await inTurn(group, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      group.settle = resolve;
      group.stage = 'wanted';
      moved(group);
      await promise;
    });
  }

  async function getToKnow(group: Group): Promise<void> {
    const { input } = group.original;
    const info = await engine.inspect(input, limits).catch(() => undefined);
    if (info === undefined || mezzanineSizes(info).length === 0) failed.set(group.name, true);
    group.info = info;
  }

  /** Those that were made, for all. @throws PictorError STORE_FAILED */
  async function keep(group: Group, made: readonly Mezzanine[]): Promise<void> {
    const { original } = group;
    if (made.length > 0) await kept.keep(original, made);
    // Not there then: none are worth having, or they are larger than their store.
    if (made.length === 0 || !found(group, await kept.look(original.uri))) {
      failed.set(group.name, true);
      return;
    }
    pictured.delete(group.name);
    lane.forget(parts.laneNameOf(original.uri));
  }

  /** When there is time. @throws PictorError */
  async function makeInIdle(original: HeldOriginal): Promise<void> {
    const group = groupOf(original);
    await group.looked;
    if (group.stage !== 'none' || failed.has(group.name)) return moved(group);
    group.stage = 'preparing';
    await inTurn(group, async () => {
      group.stage = 'making';
      const into = await kept.files();
      try {
        await keep(group, await engine.reduce({ input: original.input, limits, into }));
      } finally {
        await kept.remove(into);
      }
    });
  }

  function madeDirectly(original: HeldOriginal, info: ImageInfo): void {
    const name = nameOf(original);
    if (mezzanineSizes(info).length === 0 || failed.has(name)) return;
    pictured.set(name, info);
    // Shorter than most requests: a worker of its own would take longer to start.
    lane.add({
      work: 'mezzanine',
      name: parts.laneNameOf(original.uri),
      atGate: true,
      run: () => makeInIdle(original),
    });
  }

  /** What the picture left that was to make them. */
  async function finish(group: Group, files: readonly string[], made: readonly Mezzanine[]): Promise<void> {
    try {
      await keep(group, made);
    } catch {
      // The store has told of it.
      failed.set(group.name, true);
    } finally {
      await kept.remove(files);
      group.settle();
    }
  }

  /** It makes none after all: the next one that waits does. */
  function handOn(group: Group, files: readonly string[]): void {
    group.maker = null;
    group.stage = 'wanted';
    void inBackground(kept.remove(files));
    moved(group);
  }

  /** They were not used by a picture that could have been made of them: are they still there? */
  function lookAgain(group: Group, picture: Picture, info: ImageInfo): void {
    group.info ??= info;
    if (group.stage !== 'there' || !isUsable(group, picture)) return;
    group.stage = 'looking';
    group.looked = inBackground(look(group));
  }

  function join(original: HeldOriginal, image: ImageRequest): Shared {
    const group = groupOf(original);
    const picture: Picture = { image, begun: false };
    const isMaker = () => group.maker?.picture === picture;
    let files: readonly string[] = [];
    let told = false;
    group.pictures.add(picture);
    moved(group);
    return {
      take() {
        if (isOnTheWay[group.stage] && isUsable(group, picture)) {
          if (group.stage !== 'wanted') return false;
          group.stage = 'making';
          group.maker = { picture };
        }
        picture.begun = true;
        return true;
      },
      async begin() {
        picture.begun = true;
        if (!isMaker()) return group.found.length === 0 ? {} : { mezzanines: group.found };
        files = await kept.files().catch(() => []);
        return files.length === 0 ? {} : { mezzaninesInto: files };
      },
      made(result) {
        told = true;
        if (isMaker()) {
          if ('passedOver' in result) handOn(group, files);
          else void inBackground(finish(group, files, result.mezzanines ?? []));
        } else if (!('passedOver' in result) && result.reused === undefined) {
          lookAgain(group, picture, result.source);
          madeDirectly(original, result.source);
        }
      },
      leave() {
        group.pictures.delete(picture);
        if (!told && isMaker()) {
          // Before it began its client had left; after that it failed, as the next one would.
          if (files.length === 0) return handOn(group, files);
          void inBackground(finish(group, files, []));
        }
        moved(group);
      },
    };
  }

  return {
    join,
    async drain() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** Whether mezzanines are, or may be, there in a while. */
const isOnTheWay: Readonly<Record<Stage, boolean>> = {
  looking: true,
  preparing: true,
  wanted: true,
  making: true,
  there: false,
  none: false,
};

/** For a picture that has nothing to do with mezzanines. */
export const shareNothing: Shared = {
  take: () => true,
  begin: async () => ({}),
  made() {},
  leave() {},
};
