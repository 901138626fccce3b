import type { Bucket } from '../core/bucket.ts';
import { asPictorError, type ErrorCode } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import { createWorkQueue, type WorkQueue } from '../lib/work-queue.ts';
import type { Recipe } from '../request/storage.ts';
import { bucketOf, type StorageSite } from './storage-site.ts';
import { tellOutcome, type VariantMaker } from './variant-maker.ts';

/** Several variants of one original that somebody named. */
export interface VariantsOrder {
  readonly site: StorageSite;
  readonly bucket: string;
  /** Key of it, for those who listen. */
  readonly original: string;
  readonly recipes: readonly Recipe[];
  /** URL the original was taken from, if any. */
  readonly from?: string | undefined;
  /** False: more of the same call come later, so that nobody is told yet. Absent: these are all. */
  readonly isAll?: boolean;
}

/** Makes what is asked for and does not lie ready. */
export interface VariantsService {
  /**
   * All of them, and each in its bucket; then that is told. What can be made is made, also when one fails.
   * @throws PictorError the first failure
   */
  now(order: VariantsOrder, signal: AbortSignal): Promise<void>;
  /** When there is time, or never: what the queue does not hold is told and left out. */
  later(order: VariantsOrder): void;
  /** Waits for what was put off. */
  drain(): Promise<void>;
}

export interface VariantsParts {
  readonly maker: VariantMaker;
  readonly emit: EmitEvent;
  /** Of one call, at the same time. */
  readonly atOnce: number;
}

/** Put-off variants that are made at the same time, and that wait. */
const workers = 4;
const waiting = 100;

export function createVariantsService({ maker, emit, atOnce }: VariantsParts): VariantsService {
  const queue: WorkQueue = createWorkQueue({
    workers,
    waiting,
    onFailure(thrown) {
      const { code, detail = '' } = asPictorError(thrown);
      emit({
        type: 'notice',
        level: 'warn',
        message: 'a variant could not be made',
        facts: { code, detail },
      });
    },
  });

  async function makeOne(
    order: VariantsOrder & { readonly recipe: Recipe; readonly ready: ReadonlySet<string> },
    signal: AbortSignal,
  ): Promise<void> {
    const { recipe, ready } = order;
    if (recipe.keep !== undefined && ready.has(recipe.keep.key)) return tellOutcome(emit, order, 'present');
    await maker.make(order, signal);
    await maker.kept(order);
  }

  /** @returns how many did not lie ready */
  async function makeAll(order: VariantsOrder, signal: AbortSignal): Promise<number> {
    const ready = new Set<string>();
    await findReady(bucketOf(order), keptKeys(order.recipes), { ready, signal }).catch(passAway);
    const failures: unknown[] = [];
    const left = [...order.recipes];
    const work = async () => {
      for (let recipe = left.shift(); recipe !== undefined; recipe = left.shift()) {
        try {
          await makeOne({ ...order, recipe, ready }, signal);
        } catch (thrown) {
          failures.push(thrown);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, atOnce) }, work));
    if (failures.length > 0) throw failures[0];
    return order.recipes.length - ready.size;
  }

  return {
    async now(order, signal) {
      const made = await makeAll(order, signal);
      const { site, bucket, original, from, isAll = true } = order;
      if (!isAll) return;
      const told = { mount: site.mount, bucket, original, made, ...(from === undefined ? {} : { from }) };
      emit({ type: 'variants-ready', ...told });
    },
    later(order) {
      for (const recipe of order.recipes) {
        const one = { ...order, recipes: [recipe] };
        if (queue.add(async () => void (await makeAll(one, new AbortController().signal)))) continue;
        const facts = { mount: order.site.mount, variant: recipe.keep?.key ?? recipe.label.filename };
        emit({ type: 'notice', level: 'warn', message: 'too many variants wait: left out', facts });
      }
    },
    drain: () => queue.idle(),
  };
}

const keptKeys = (recipes: readonly Recipe[]): string[] =>
  recipes.flatMap(({ keep }) => (keep === undefined ? [] : [keep.key]));

/** A bucket that is away does not say what is there: then more is made than had to be, and put once more. */
const bucketIsAway: ReadonlySet<ErrorCode> = new Set([
  'STORAGE_FAILED',
  'STORAGE_UNREACHABLE',
  'STORAGE_TIMEOUT',
]);

function passAway(thrown: unknown): void {
  if (!bucketIsAway.has(asPictorError(thrown).code)) throw thrown;
}

interface Look {
  /** Gets those of the keys that have an object, also when the look ends early. */
  readonly ready: Set<string>;
  readonly signal: AbortSignal;
}

/** Which of the keys have an object: one look for one, else one list for all that lie together. @throws PictorError STORAGE_* */
async function findReady(bucket: Bucket, keys: readonly string[], { ready, signal }: Look): Promise<void> {
  const folder = commonFolder(keys);
  if (keys.length > 1 && folder !== '') {
    const wanted = new Set(keys);
    for await (const { key } of bucket.list(folder)) if (wanted.has(key)) ready.add(key);
    return;
  }
  await Promise.all(
    keys.map(async (key) => {
      if ((await bucket.head(key, signal)) !== null) ready.add(key);
    }),
  );
}

/** The longest beginning of all of them that ends in a slash. */
function commonFolder([first = '', ...others]: readonly string[]): string {
  let folder = first.slice(0, first.lastIndexOf('/') + 1);
  while (folder !== '' && !others.every((key) => key.startsWith(folder)))
    folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
  return folder;
}
