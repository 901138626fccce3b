import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ListedObject } from '../../core/bucket.ts';
import { asPictorError, PictorError } from '../../core/errors.ts';
import { type Erased, scopesOf } from '../../service/erase-originals.ts';
import type { ManagedMount, ManageOriginals } from '../../service/manage-originals.ts';
import { clientSignal } from '../client-signal.ts';
import type { ManagementParts } from './api.ts';
import type { Change } from './audit.ts';
import { readCursor, writeCursor } from './cursor.ts';
import {
  erasureBody,
  erasureReply,
  errorReply,
  listQuery,
  listReply,
  mountsReply,
  originalQuery,
  originalReply,
  purgeBody,
  purgeReply,
  removalQuery,
  removalReply,
} from './schemas.ts';

export interface RoutesParts extends Pick<ManagementParts, 'mounts' | 'manage' | 'purging' | 'stopping'> {
  readonly audit: (request: FastifyRequest, change: Change) => void;
}

type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyInstance['log'],
  ZodTypeProvider
>;

const failures = { '4xx': errorReply, '5xx': errorReply };

/** All that can be asked for. */
export function addRoutes(app: App, parts: RoutesParts): void {
  addMounts(app, parts);
  addReads(app, parts);
  addErasure(app, parts);
  addPurge(app, parts);
}

function addMounts(app: App, { mounts }: RoutesParts): void {
  app.route({
    method: 'GET',
    url: '/v1/mounts',
    schema: {
      operationId: 'listMounts',
      summary: 'Mounts that keep originals',
      response: { 200: mountsReply, ...failures },
    },
    handler: () => ({
      mounts: mounts.map(({ site, dialect, oneBucket, keeps }) => ({
        name: site.mount,
        dialect,
        namedBuckets: !oneBucket,
        readOnly: !keeps,
      })),
    }),
  });
}

function addReads(app: App, parts: RoutesParts): void {
  const { mountOf, managed } = finders(parts);

  app.route({
    method: 'GET',
    url: '/v1/originals',
    schema: {
      operationId: 'listOriginals',
      summary: 'Originals of a mount, page by page',
      description: 'What comes or goes meanwhile may be told or not; everything else is told once.',
      querystring: listQuery,
      response: { 200: listReply, ...failures },
    },
    async handler({ query }, reply) {
      const { mount, bucket, prefix, limit, cursor } = query;
      const after = readCursor(query, cursor);
      const order = { mount: mountOf(mount), bucket, prefix, after, limit };
      const { originals, next } = await managed().list(order, clientSignal(reply.raw));
      return { originals: originals.map(told), cursor: next === null ? null : writeCursor(query, next) };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/original',
    schema: {
      operationId: 'getOriginal',
      summary: 'Facts of one original, and what was made of it',
      querystring: originalQuery,
      response: { 200: originalReply, ...failures },
    },
    async handler({ query: { mount, bucket, key } }, reply) {
      const address = { mount: mountOf(mount), bucket, key };
      const found = await managed().facts(address, clientSignal(reply.raw));
      if (found === null) throw noOriginal();
      const { contentType = null, etag = null, belongings, more } = found;
      return { ...told({ key, ...found }), contentType, etag, belongings: belongings.map(told), more };
    },
  });
}

function addErasure(app: App, parts: RoutesParts): void {
  const { purging, stopping } = parts;
  const audited = auditing(parts);
  const { mountOf, managed } = finders(parts);

  app.route({
    method: 'DELETE',
    url: '/v1/original',
    schema: {
      operationId: 'deleteOriginal',
      summary: 'Deletes an original with all that was made of it',
      description:
        'In its bucket and in the caches. 404 where there was nothing left; then nothing is answered from a cache either. After any other failure, call again.',
      querystring: removalQuery,
      response: { 200: removalReply, ...failures },
    },
    async handler(request) {
      const { mount, bucket, key, waitSeconds } = request.query;
      const address = { mount: mountOf(mount), bucket, key };
      const resultOf = (removed: number) => ({ objects: removed });
      const change = { what: 'original deleted', facts: { mount, bucket, key }, resultOf };
      const objects = await audited(request, change, () => managed().remove(address));
      const copies = await purging.copies(waitSeconds);
      if (objects === 0) throw noOriginal();
      return { objects, copies };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/erasures',
    schema: {
      operationId: 'eraseOriginals',
      summary: 'Deletes all originals whose keys begin so, with all that was made of them',
      description:
        'Works for some seconds and tells how far it came: call again until `done`. What is uploaded meanwhile may stay.',
      body: erasureBody,
      response: { 200: erasureReply, ...failures },
    },
    async handler(request, reply) {
      const { mount, bucket, prefix, seconds } = request.body;
      const until = performance.now() + seconds * 1000;
      const signal = AbortSignal.any([clientSignal(reply.raw), stopping]);
      const order = { mount: mountOf(mount), bucket, prefix, milliseconds: seconds * 1000, signal };
      const resultOf = (each: Erased) => ({ ...each });
      const change = { what: 'originals erased', facts: { mount, bucket, prefix }, resultOf };
      const erased = await audited(request, change, () => managed().erase(order));
      const left = erased.done ? Math.max(0, until - performance.now()) / 1000 : 0;
      return { ...erased, copies: await purging.copies(left) };
    },
  });
}

function addPurge(app: App, parts: RoutesParts): void {
  const { purging } = parts;
  const audited = auditing(parts);
  const { mountOf } = finders(parts);

  app.route({
    method: 'POST',
    url: '/v1/purges',
    schema: {
      operationId: 'purgeCaches',
      summary: 'Forgets a source and all pictures of it',
      description:
        'In the caches of this server, whatever the dialect: the next request asks the source. Originals that were uploaded stay.',
      body: purgeBody,
      response: { 200: purgeReply, ...failures },
    },
    async handler(request) {
      const { waitSeconds, ...what } = request.body;
      const scopes =
        'source' in what ? scopesOfSource(what.source) : scopesOf({ ...what, mount: mountOf(what.mount) });
      await audited(request, { what: 'caches purged', facts: what }, () => purging.purge(scopes));
      return { copies: await purging.copies(waitSeconds) };
    },
  });
}

/** Makes a change and tells of it, also of one that failed: it may have come half the way. */
const auditing =
  ({ audit }: RoutesParts) =>
  async <T>(
    request: FastifyRequest,
    { what, facts, resultOf = () => ({}) }: Change & { readonly resultOf?: (result: T) => Change['facts'] },
    make: () => Promise<T>,
  ): Promise<T> => {
    try {
      const result = await make();
      audit(request, { what, facts: { ...facts, ...resultOf(result) } });
      return result;
    } catch (thrown) {
      const { code } = asPictorError(thrown);
      audit(request, { what: `failed: ${what}`, facts: { ...facts, error: code } });
      throw thrown;
    }
  };

function finders({ mounts, manage }: Pick<RoutesParts, 'mounts' | 'manage'>) {
  return {
    mountOf(name: string): ManagedMount {
      const found = mounts.find(({ site }) => site.mount === name);
      if (found === undefined)
        throw new PictorError('NOT_FOUND', { reason: 'no mount of this name keeps originals' });
      return found;
    },
    managed(): ManageOriginals {
      if (manage === null) throw new PictorError('NOT_FOUND', { reason: 'no mount keeps originals' });
      return manage;
    },
  };
}

const noOriginal = () => new PictorError('OBJECT_NOT_FOUND', { reason: 'no such original' });

const told = ({ key, size, modified }: ListedObject) => ({
  key,
  bytes: size,
  modified: new Date(modified).toISOString(),
});

/** As it was given, and as a parser of URLs writes it: dialects hand on the one or the other. */
function scopesOfSource(source: string): { readonly uri: string }[] {
  const href = URL.canParse(source) ? new URL(source).href : source;
  return [...new Set([source, href])].map((uri) => ({ uri }));
}
