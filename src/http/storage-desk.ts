import { asPictorError, PictorError } from '../core/errors.ts';
import type { FixedReply } from '../request/dialect.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { Call, KeepTask, MakeTask, ShowTask, StorageTask, UploadTask } from '../request/storage.ts';
import type { ShownObject } from '../service/show-object.ts';
import type { StorageGuard } from '../service/storage-guard.ts';
import type { StorageSite } from '../service/storage-site.ts';
import type { StorageWork } from '../service/storage-work.ts';
import type { CheckRequest } from '../service/verify-request.ts';
import { callOf, type OriginOf } from './call.ts';
import { clientSignal } from './client-signal.ts';
import { askedRequest, type Counter, type Exchange, failureFacts, type RequestFacts } from './exchange.ts';
import { knownFrom, knownReply } from './known-objects.ts';
import type { Reply } from './messages.ts';
import { flat, without } from './mount-replies.ts';
import { heldWithoutLook, type ObjectReply, objectReply } from './object-reply.ts';
import type { Readiness } from './probes.ts';
import { answerBefore, bodyOf } from './request-body.ts';
import { sendStream } from './send-stream.ts';
import type { StandIn } from './stand-in.ts';

/** What a mount that keeps pictures brings along. */
export interface MountStorage {
  readonly site: StorageSite;
  readonly guard: StorageGuard;
  readonly work: StorageWork;
  /** @throws PictorError what the grammar refuses, told in the words of the mount */
  task(call: Call): StorageTask;
}

export interface StorageDeskParts {
  readonly counter: Counter;
  readonly originOf: OriginOf;
  /** Null: nobody else is asked. */
  readonly check: CheckRequest | null;
  readonly standIn: StandIn;
  /** Seconds an HTTP/2 client has to send a body; 0: no limit. */
  readonly bodySeconds: number;
  readonly readiness: () => Readiness;
}

/** Answers requests of mounts that keep pictures: task, grant, work, reply. */
export type StorageDesk = (exchange: Exchange, storage: MountStorage) => void | Promise<void>;

type Voice = StorageTask['voice'];

/** An object that is another one each time is given up. */
const mostLooks = 5;

export function createStorageDesk({
  counter,
  originOf,
  check,
  standIn,
  bodySeconds,
  readiness,
}: StorageDeskParts): StorageDesk {
  /** One answer, one event; what the client still sends does not keep it from reading the answer. */
  function finish(exchange: Exchange, reply: Reply, facts: RequestFacts): void {
    const bytes = answerBefore(exchange, reply);
    counter.tell(exchange, { status: reply.status, bytes }, facts);
  }

  const say = (exchange: Exchange, voice: Voice, reply: FixedReply): Reply =>
    withHeaders(exchange.desk.replies.plain(reply, exchange.id), voice);

  /** Only what everybody may have, and what has no say in who may have it. */
  function keepKnown(
    { desk, target, method }: Exchange,
    { grant, key, bucket, showing, steady }: ShowTask & StorageTask,
    { site, work, reply, shown }: Pick<MountStorage, 'site' | 'work'> & { reply: Reply; shown: ShownObject },
  ): void {
    if (steady !== true || key === undefined || grant.type !== 'none' || check !== null) return;
    // Most of what was just made is never asked for again.
    if (method !== 'GET' || shown.cache === 'miss') return;
    const glance = work.objects.glance({ site, bucket, key });
    const entry = knownFrom(reply, { ...shown, glance, showing });
    if (entry !== null) desk.knownObjects.keep(target.raw, entry);
  }

  /** A target that was answered a moment ago, with an object that is still in memory. */
  function answerKnown(exchange: Exchange): boolean {
    const known = exchange.desk.knownObjects.find(exchange.target.raw);
    const found = known?.glance() ?? null;
    if (known === undefined || found === null) return false;
    const reply = knownReply(exchange, known, found);
    if (reply === null) return false;
    const { cache, tier } = found;
    finish(exchange, reply, { cache, source: known.source, ...(tier === undefined ? {} : { tier }) });
    return true;
  }

  /** With the bytes of what is streamed; what is replaced between two looks is looked at again. @throws PictorError */
  async function replyTo(
    exchange: Exchange,
    { site, work }: MountStorage,
    task: ShowTask & StorageTask,
    signal: AbortSignal,
  ): Promise<{ shown: ShownObject; reply: ObjectReply; body: AsyncIterable<Uint8Array> | null }> {
    for (let looks = 0; looks < mostLooks; looks += 1) {
      const shown = await work.show(site, task, signal);
      const reply = objectReply(exchange, task.showing, shown);
      if (reply.stream === undefined || exchange.method === 'HEAD') return { shown, reply, body: null };
      const body = await shown.open(reply.stream.part);
      if (body !== null) return { shown, reply, body };
    }
    throw new PictorError('STORAGE_FAILED', { detail: `${task.key ?? ''} is another object at each look` });
  }

  async function show(
    exchange: Exchange,
    storage: MountStorage,
    task: ShowTask & StorageTask,
  ): Promise<void> {
    const { voice, showing } = task;
    const held = heldWithoutLook(exchange, showing);
    if (held !== null) return finish(exchange, withHeaders(held, voice), { cache: 'none' });
    const signal = clientSignal(exchange.response);
    const { shown, reply, body } = await replyTo(exchange, storage, task, signal);
    const { cache, source, tier, timings } = shown;
    const facts: RequestFacts = {
      cache,
      source,
      ...(tier === undefined ? {} : { tier }),
      ...(timings === undefined ? {} : { timings }),
    };
    const { status, headers } = withHeaders(reply, voice);
    if (reply.stream === undefined) {
      if (cache === 'hit') keepKnown(exchange, task, { ...storage, reply: { ...reply, headers }, shown });
      return finish(exchange, { ...reply, headers }, facts);
    }
    const { bytes, error } = await sendStream(exchange.response, { status, headers, body }, signal);
    counter.tell(
      exchange,
      { status, bytes },
      error === null ? facts : { ...facts, ...failureFacts(error, source) },
    );
  }

  async function take(
    exchange: Exchange,
    { site, work }: MountStorage,
    task: (UploadTask | KeepTask) & StorageTask,
  ): Promise<void> {
    const body = bodyOf(exchange, bodySeconds);
    const signal = clientSignal(exchange.response);
    const reply =
      task.task === 'keep'
        ? await work.keepFile(site, task, body)
        : await work.ingest.upload(site, task, { body, signal });
    finish(exchange, say(exchange, task.voice, reply), { cache: 'none' });
  }

  async function make(
    exchange: Exchange,
    { site, work }: MountStorage,
    task: MakeTask & StorageTask,
  ): Promise<void> {
    const { bucket, recipes, when, reply, voice } = task;
    const order = { site, bucket, recipes, original: recipes[0]?.originals[0] ?? '' };
    if (when === 'after') work.variants.later(order);
    else await work.variants.now(order, clientSignal(exchange.response));
    finish(exchange, say(exchange, voice, reply), { cache: 'none' });
  }

  async function run(exchange: Exchange, storage: MountStorage, task: StorageTask): Promise<void> {
    switch (task.task) {
      case 'reply': {
        const quiet = task.quiet === true ? { quiet: true } : {};
        return finish(exchange, say(exchange, task.voice, task.reply), { cache: 'none', ...quiet });
      }
      case 'refuse':
        throw task.error;
      case 'show':
        return show(exchange, storage, task);
      case 'make':
        return make(exchange, storage, task);
      default:
        return take(exchange, storage, task);
    }
  }

  async function fail(exchange: Exchange, { task, granted, error }: Failure): Promise<void> {
    const facts: RequestFacts = { ...failureFacts(error, undefined), ...levelOf(task, error), cache: 'none' };
    const { id: requestId, desk, request } = exchange;
    const own = task?.voice?.failure?.(error) ?? null;
    const circumstances = { requestId, accept: request.headers.accept, rows: task?.voice?.errors };
    const told = own === null ? desk.replies.error(error, circumstances) : desk.replies.plain(own, requestId);
    const image =
      granted || desk.mount.policy.fallback?.ofMount !== true ? shownFor(exchange, task) : undefined;
    const stand =
      image === undefined ? null : await standInFor(exchange, { image, status: told.status }, error);
    if (stand !== null)
      return finish(exchange, withHeaders(stand, task?.voice), { ...facts, fallback: true });
    finish(exchange, withHeaders(told, task?.voice), facts);
  }

  function standInFor(
    exchange: Exchange,
    { image, status }: { readonly image: ImageRequest; readonly status: number },
    error: PictorError,
  ): Promise<Reply | null> {
    const delivered = { delivery: { vary: [] }, source: image.source };
    return standIn(exchange, { image, delivered, status, signal: clientSignal(exchange.response) }, error);
  }

  async function answer(exchange: Exchange, storage: MountStorage): Promise<void> {
    let task: StorageTask | null = null;
    let granted = false;
    try {
      const call = callOf(exchange.request, exchange.target, originOf);
      task = storage.task(readiness() === 'stopping' ? { ...call, stopping: true } : call);
      const checked = storage.guard.check(task.grant);
      if (checked !== undefined) await checked;
      if (check !== null && task.task !== 'reply') await check(task.grant, askedRequest(exchange));
      granted = true;
      await run(exchange, storage, task);
    } catch (thrown) {
      await fail(exchange, { task, granted, error: asPictorError(thrown) });
    }
  }

  return (exchange, storage) => (answerKnown(exchange) ? undefined : answer(exchange, storage));
}

/** What became of a request that cannot be answered as it wants. */
interface Failure {
  /** Null: the head of the request was no good. */
  readonly task: StorageTask | null;
  /** True: it may be asked for. */
  readonly granted: boolean;
  readonly error: PictorError;
}

/** Whoever names a bucket that is none, or another's, has made a mistake or feels about; the operator's own are told as errors. */
function levelOf(
  task: StorageTask | null,
  { code, upstreamStatus }: PictorError,
): Pick<RequestFacts, 'level'> {
  const isNamed = task !== null && 'bucket' in task && task.bucket !== '';
  if (!isNamed || code !== 'STORAGE_REFUSED') return {};
  return { level: upstreamStatus === 404 ? 'info' : 'warn' };
}

/** As what the mount's picture for errors is shown; undefined: it is no picture that was asked for. */
function shownFor({ desk }: Exchange, task: StorageTask | null): ImageRequest | undefined {
  const own = task?.voice?.standIn;
  if (own !== undefined || task?.task !== 'show' || desk.mount.policy.fallback?.ofMount !== true) return own;
  if (task.recipe !== undefined) return task.recipe.image;
  const { contentType } = task.showing;
  const isPicture = contentType === 'sniffed' || contentType.startsWith('image/');
  return isPicture && task.told === undefined ? asItIs : undefined;
}

const asItIs: ImageRequest = { source: '', operations: [], output: { format: {} } };

/** What is said to this request on every answer. */
function withHeaders(reply: Reply, voice: Voice): Reply {
  if (voice?.headers === undefined) return reply;
  const own = flat(voice.headers);
  return { ...reply, headers: [...without(reply.headers, own), ...own] };
}
