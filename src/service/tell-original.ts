import { randomBytes } from 'node:crypto';
import { asPictorError, PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { ImageLimits } from '../core/image-info.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import type { Engine } from '../plan/engine-port.ts';
import { checkLimits } from '../plan/limits.ts';
import type { ToldText, UploadFacts } from '../request/storage.ts';
import { type HeldObject, heldObject } from './held-object.ts';
import type { PurgeMarks } from './purge-marks.ts';
import type { Staging } from './staging.ts';
import { boundsOf, bucketOf, type ObjectAddress, uriOf } from './storage-site.ts';
import { uprightFacts } from './upright-facts.ts';

/**
 * Makes the text about an original of its bytes, and keeps it at this address: of those that lie there without one.
 * @throws PictorError OBJECT_NOT_FOUND, STORAGE_*, IMAGE_*, UPLOAD_TOO_LARGE
 */
export type TellOriginal = (
  address: ObjectAddress,
  told: ToldText,
  signal: AbortSignal,
) => Promise<HeldObject>;

export interface TellOriginalParts {
  readonly staging: Staging;
  readonly engine: Engine;
  readonly limits: ImageLimits & { readonly maxSourceBytes: number };
  readonly purges: Pick<PurgeMarks, 'isGone'>;
  readonly emit: EmitEvent;
  readonly now: () => number;
}

export function createTellOriginal(parts: TellOriginalParts): TellOriginal {
  const { staging, engine, purges, emit, now } = parts;
  const flight = createSingleFlight<HeldObject>();

  async function factsOf(address: ObjectAddress, told: ToldText, signal: AbortSignal): Promise<UploadFacts> {
    const limits = { ...parts.limits, ...address.site.limits };
    const found = await bucketOf(address).get(told.original, { signal });
    if (found === null) throw new PictorError('OBJECT_NOT_FOUND', { detail: told.original });
    const staged = await staging.receive(found.body, limits.maxSourceBytes || Number.POSITIVE_INFINITY);
    try {
      const bounds = told.inputs === undefined ? limits : { ...limits, inputs: told.inputs };
      const info = await engine.inspect({ path: staged.path }, bounds);
      checkLimits(info, bounds);
      const random = randomBytes(16).toString('hex');
      return { md5: staged.md5, bytes: staged.bytes, random, ...uprightFacts(info) };
    } finally {
      await staged.drop();
    }
  }

  async function tell(address: ObjectAddress, told: ToldText, signal: AbortSignal): Promise<HeldObject> {
    const asked = now();
    const bytes = Buffer.from(told.text(await factsOf(address, told, signal)));
    const { contentType, original } = told;
    if (!purges.isGone([{ uri: uriOf({ ...address, key: original }), asked }])) {
      try {
        await bucketOf(address).put(address.key, bytes, { contentType });
      } catch (thrown) {
        const { code, detail = '' } = asPictorError(thrown);
        const failure = `${uriOf(address)}: ${code} ${detail}`;
        emit({ type: 'store', store: 'bucket', what: 'write-failed', detail: failure });
      }
    }
    return heldObject(bytes, { contentType, modified: asked });
  }

  return (address, told, signal) =>
    flight.join(`${uriOf(address)}\n${boundsOf(address.site)}`, signal, (shared) =>
      tell(address, told, shared),
    );
}
