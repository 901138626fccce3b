import { randomBytes } from 'node:crypto';
import type { ObjectBody } from '../core/bucket.ts';
import { asPictorError, type ErrorCode, PictorError } from '../core/errors.ts';
import type { EmitEvent, UploadedOriginal } from '../core/events.ts';
import type { ImageLimits } from '../core/image-info.ts';
import type { Gate } from '../lib/gate.ts';
import type { Engine, TransformResult } from '../plan/engine-port.ts';
import { checkLimits } from '../plan/limits.ts';
import type { FixedReply } from '../request/dialect.ts';
import type { ImageRequest } from '../request/image-request.ts';
import type { UploadFacts, UploadTask } from '../request/storage.ts';
import { enterWithin } from './enter-within.ts';
import type { FetchUpload } from './fetch-upload.ts';
import type { KeptObjects } from './kept-objects.ts';
import type { VariantsService } from './make-variants.ts';
import { isSvgFile, svgType } from './object-type.ts';
import type { StagedUpload, Staging } from './staging.ts';
import { bucketOf, type StorageSite } from './storage-site.ts';
import { type ReceivedUpload, receiveBody, type UploadBody } from './upload-body.ts';
import { uprightFacts } from './upright-facts.ts';

/** The use case behind an upload. */
export interface Ingest {
  /**
   * Takes a picture in: received, looked at, kept, and only then answered. Nothing stays behind of what fails.
   * @param signal aborted when the client has left; what has arrived whole is kept all the same
   * @throws PictorError UPLOAD_*, SOURCE_*, STORAGE_*, IMAGE_* (of variants), BUSY
   */
  upload(site: StorageSite, task: UploadTask, call: IngestCall): Promise<FixedReply>;
}

export interface IngestCall {
  readonly body: UploadBody;
  readonly signal: AbortSignal;
}

export interface IngestParts {
  readonly staging: Staging;
  readonly fetchUpload: FetchUpload;
  readonly engine: Engine;
  /** Processing gate. */
  readonly gate: Gate;
  readonly limits: ImageLimits;
  readonly maxWaitSeconds: number;
  readonly retryAfterSeconds: number;
  readonly objects: KeptObjects;
  readonly variants: VariantsService;
  readonly emit: EmitEvent;
}

/** What is kept of an upload. */
interface Picture {
  readonly facts: UploadFacts;
  readonly body: ObjectBody;
}

/** No picture is smaller: what a source gives instead of one. */
const leastFetchedBytes = 10;

export function createIngest(parts: IngestParts): Ingest {
  const { staging, engine, emit } = parts;
  const limitsAt = (site: StorageSite): ImageLimits => ({ ...parts.limits, ...site.limits });

  /** The smaller one of the bounds of mount and language holds. */
  async function received(
    { limits = {} }: StorageSite,
    task: UploadTask,
    call: IngestCall,
  ): Promise<ReceivedUpload> {
    const { maxSourceBytes = 0 } = limits;
    if (maxSourceBytes === 0 || maxSourceBytes >= task.maxBytes) return receivedWithin(task, call);
    try {
      return await receivedWithin({ ...task, maxBytes: maxSourceBytes }, call);
    } catch (thrown) {
      throw inBoundsOfMount(thrown, maxSourceBytes);
    }
  }

  async function receivedWithin(
    { from, maxBytes, declaredType }: UploadTask,
    { body, signal }: IngestCall,
  ): Promise<ReceivedUpload> {
    if (from === undefined) return receiveBody(body, { staging, maxBytes, formsToo: true, emptyToo: false });
    const take = (bytes: AsyncIterable<Uint8Array>) => staging.receive(bytes, maxBytes);
    const staged = await parts.fetchUpload({ url: from, maxBytes, signal }, take);
    if (staged.bytes >= leastFetchedBytes) return { staged, declaredType };
    await staged.drop();
    throw new PictorError('UPLOAD_EMPTY', { reason: 'File is empty' });
  }

  /** What the bytes are, never what they are said to be. */
  async function looked(
    limits: ImageLimits,
    { plainSvg = false, inputs }: UploadTask,
    { staged, declaredType }: ReceivedUpload,
  ): Promise<UploadFacts> {
    const known = { md5: staged.md5, bytes: staged.bytes, random: randomBytes(16).toString('hex') };
    if (plainSvg && isSaidToBeSvg(declaredType) && (await isSvgFile(staged.path)))
      return { ...known, mediaType: svgType, width: 0, height: 0 };
    try {
      const bounds = inputs === undefined ? limits : { ...limits, inputs };
      const info = await engine.inspect({ path: staged.path }, bounds);
      checkLimits(info, bounds);
      return { ...known, ...uprightFacts(info) };
    } catch (thrown) {
      throw inUploadWords(thrown);
    }
  }

  /** The bytes that are kept: as they came, or as the task wants them. */
  async function pictureOf(site: StorageSite, task: UploadTask, upload: ReceivedUpload): Promise<Picture> {
    const limits = limitsAt(site);
    const facts = await looked(limits, task, upload);
    const { staged } = upload;
    const wanted = task.rewrite?.(facts) ?? null;
    if (wanted !== null) {
      const { bytes: body, mediaType, width, height } = await made(staged, wanted, limits);
      return { facts: { ...facts, mediaType, bytes: body.byteLength, width, height }, body };
    }
    if (task.whole === true) await made(staged, aGlance, limits);
    return { facts, body: { file: staged.path, size: staged.bytes } };
  }

  async function made(
    { path }: StagedUpload,
    wanted: ImageRequest,
    limits: ImageLimits,
  ): Promise<TransformResult> {
    const leave = await enterWithin(parts, nobody);
    try {
      const request = { ...wanted, source: uploaded };
      return await engine.transform({ request, inputs: { [uploaded]: { path } }, limits }, nobody);
    } catch (thrown) {
      throw inUploadWords(thrown);
    } finally {
      leave();
    }
  }

  /** In the order of the task: each is durable before the next begins. */
  async function store(
    site: StorageSite,
    task: UploadTask,
    { facts, body }: Picture,
  ): Promise<UploadedOriginal> {
    const bucket = bucketOf({ site, bucket: task.bucket });
    const objects = task.objects(facts);
    for (const { key, body: what, contentType } of objects) {
      const bytes = what === 'picture' ? body : Buffer.from(what.text);
      await bucket.put(key, bytes, { contentType });
      parts.objects.forget({ site, bucket: task.bucket, key });
    }
    const key = objects.find((object) => object.body === 'picture')?.key ?? '';
    const { md5, mediaType, width, height } = facts;
    return { key, md5, mediaType, width, height };
  }

  async function keep(site: StorageSite, task: UploadTask, call: IngestCall): Promise<UploadFacts> {
    const began = performance.now();
    const told = { type: 'upload' as const, mount: site.mount, bucket: task.bucket };
    let staged: StagedUpload | null = null;
    try {
      const upload = await received(site, task, call);
      ({ staged } = upload);
      const picture = await pictureOf(site, task, upload);
      const stored = await store(site, task, picture);
      emit({ ...told, ms: performance.now() - began, stored });
      return picture.facts;
    } catch (thrown) {
      emit({ ...told, ms: performance.now() - began, error: asPictorError(thrown).code });
      throw thrown;
    } finally {
      await staged?.drop();
    }
  }

  return {
    async upload(site, task, call) {
      const facts = await keep(site, task, call);
      const wanted = task.variants(facts);
      const recipes = (when: 'before' | 'after') =>
        wanted.filter((each) => each.when === when).map(({ recipe }) => recipe);
      const [before, after] = [recipes('before'), recipes('after')];
      const { bucket, from } = task;
      const original = task.objects(facts).find(({ body }) => body === 'picture')?.key ?? '';
      const isAll = after.length === 0;
      await parts.variants.now({ site, bucket, original, recipes: before, from, isAll }, nobody);
      parts.variants.later({ site, bucket, original, recipes: after });
      return task.reply(facts);
    },
  };
}

const isSaidToBeSvg = (declaredType: string): boolean =>
  declaredType.split(';', 1)[0]?.trim().toLowerCase() === svgType;

/** What has arrived whole is worked on to its end: whoever sent it may think that it is here. */
const nobody = new AbortController().signal;

/** URI of an upload while it is rewritten. */
const uploaded = 'upload:';

/** The least that is made of a picture by whoever has to read all of it. */
const aGlance: ImageRequest = {
  source: uploaded,
  operations: [{ op: 'resize', width: 16, height: 16 }],
  output: { format: { exact: 'png' }, frames: 1 },
};

/** What the bytes of an upload are found to be is the fault of whoever sent them, not of a source. */
const refusals: Partial<Record<ErrorCode, string>> = {
  IMAGE_UNKNOWN: 'image: unknown format',
  IMAGE_BROKEN: 'image: unknown format',
  IMAGE_TOO_LARGE: 'image is too large',
  SOURCE_TOO_LARGE: 'image is too large',
  OPERATION_IMPOSSIBLE: 'image: unknown format',
  FORMAT_UNSUPPORTED: 'image: unknown format',
};

function inUploadWords(thrown: unknown): unknown {
  const error = asPictorError(thrown);
  const reason = refusals[error.code];
  if (reason === undefined) return error;
  return new PictorError('UPLOAD_REFUSED', {
    reason,
    cause: error,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
  });
}

/** The language knows its own bound only, and would tell that. */
function inBoundsOfMount(thrown: unknown, maxBytes: number): unknown {
  const error = asPictorError(thrown);
  if (error.code !== 'UPLOAD_TOO_LARGE') return thrown;
  return new PictorError('UPLOAD_TOO_LARGE', {
    reason: `The file size limit is ${maxBytes} bytes`,
    cause: error,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
  });
}
