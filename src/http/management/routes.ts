import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ListedObject } from '../../core/bucket.ts';
import { PictorError } from '../../core/errors.ts';
import { scopesOf } from '../../service/erase-originals.ts';
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
export function addRoutes(app: App, { mounts, manage, purging, stopping, audit }: RoutesParts): void {
  const { mountOf, managed } = finders(mounts, manage);

  app.get(
    '/v1/mounts',
    {
      schema: {
        operationId: 'listMounts',
        summary: 'Mounts that keep originals',
        response: { 200: mountsReply, ...failures },
      },
    },
    () => ({
      mounts: mounts.map(({ site, dialect, oneBucket, keeps }) => ({
        name: site.mount,
        dialect,
        namedBuckets: !oneBucket,
        readOnly: !keeps,
      })),
    }),
  );

  app.get(
    '/v1/originals',
    {
      schema: {
        operationId: 'listOriginals',
        summary: 'Originals of a mount, page by page',
        description: 'What comes or goes meanwhile may be told or not; everything else is told once.',
        querystring: listQuery,
        response: { 200: listReply, ...failures },
      },
    },
    async ({ query }, reply) => {
      const { mount, bucket, prefix, limit, cursor } = query;
      const after = readCursor(query, cursor);
      const order = { mount: mountOf(mount), bucket, prefix, after, limit };
      const { originals, next } = await managed().list(order, clientSignal(reply.raw));
      return {
        originals: originals.map(told),
        cursor: next === null ? null : writeCursor(query, next),
      };
    },
  );

  app.get(
    '/v1/original',
    {
      schema: {
        operationId: 'getOriginal',
        summary: 'Facts of one original, and what was made of it',
        querystring: originalQuery,
        response: { 200: originalReply, ...failures },
      },
    },
    async ({ query: { mount, bucket, key } }, reply) => {
      const address = { mount: mountOf(mount), bucket, key };
      const found = await managed().facts(address, clientSignal(reply.raw));
      if (found === null) throw noOriginal();
      const { contentType = null, etag = null, belongings, more } = found;
      return { ...told({ key, ...found }), contentType, etag, belongings: belongings.map(told), more };
    },
  );

  app.delete(
    '/v1/original',
    {
      schema: {
        operationId: 'deleteOriginal',
        summary: 'Deletes an original with all that was made of it',
        description:
          'In its bucket and in the caches. 404 where there was nothing left; then nothing is answered from a cache either. After any other failure, call again.',
        querystring: removalQuery,
        response: { 200: removalReply, ...failures },
      },
    },
    async (request) => {
      const { mount, bucket, key, waitSeconds } = request.query;
      const objects = await managed().remove({ mount: mountOf(mount), bucket, key });
      audit(request, { what: 'original deleted', facts: { mount, bucket, key, objects } });
      const copies = await purging.copies(waitSeconds);
      if (objects === 0) throw noOriginal();
      return { objects, copies };
    },
  );

  app.post(
    '/v1/erasures',
    {
      schema: {
        operationId: 'eraseOriginals',
        summary: 'Deletes all originals whose keys begin so, with all that was made of them',
        description:
          'Works for some seconds and tells how far it came: call again until `done`. What is uploaded meanwhile may stay.',
        body: erasureBody,
        response: { 200: erasureReply, ...failures },
      },
    },
    async (request, reply) => {
      const { mount, bucket, prefix, seconds } = request.body;
      const order = { mount: mountOf(mount), bucket, prefix, milliseconds: seconds * 1000 };
      const began = performance.now();
      const signal = AbortSignal.any([clientSignal(reply.raw), stopping]);
      const { done, originals, objects } = await managed().erase({ ...order, signal });
      const facts = { mount, bucket, prefix, done, originals, objects };
      audit(request, { what: 'originals erased', facts });
      const left = done ? Math.max(0, seconds - (performance.now() - began) / 1000) : 0;
      return { done, originals, objects, copies: await purging.copies(left) };
    },
  );

  app.post(
    '/v1/purges',
    {
      schema: {
        operationId: 'purgeCaches',
        summary: 'Forgets a source and all pictures of it',
        description:
          'In the caches of this server, whatever the dialect: the next request asks the source. Originals that were uploaded stay.',
        body: purgeBody,
        response: { 200: purgeReply, ...failures },
      },
    },
    async (request) => {
      const { body } = request;
      const scopes =
        'source' in body ? scopesOfSource(body.source) : scopesOf({ ...body, mount: mountOf(body.mount) });
      await purging.purge(scopes);
      const { waitSeconds, ...facts } = body;
      audit(request, { what: 'caches purged', facts });
      return { copies: await purging.copies(waitSeconds) };
    },
  );
}

function finders(mounts: readonly ManagedMount[], manage: ManageOriginals | null) {
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
