import { PictorError } from '../../core/errors.ts';
import type { FixedReply } from '../../request/dialect.ts';
import type { Call, Showing, StorageTask } from '../../request/storage.ts';
import { type Access, accessOf } from './access.ts';
import { keyOf, recipeFor } from './picture.ts';
import { bucketFor } from './place.ts';
import { missingBucket, pingReply } from './replies.ts';
import { prefixOf, type Route, routeOf } from './route.ts';
import type { VipSettings } from './settings.ts';
import { sizeIn } from './size.ts';
import { uploadTask } from './upload.ts';
import { mayBeMade, warmUpSizes } from './warm-up.ts';

/** A year; and a date that never changes, so that whoever asks with any has the picture. */
const showing: Showing = {
  contentType: 'sniffed',
  headers: { 'Cache-Control': 'public, max-age=31536000' },
  lastModified: { always: 'Tue, 10 Nov 2009 23:00:00 GMT' },
  since: 'always',
  etag: true,
  ranges: true,
};

const empty = (status: number, headers: Readonly<Record<string, string>> = {}): FixedReply => ({
  status,
  body: '',
  headers,
});

const free = { type: 'none' } as const;

/** What a request wants. @throws PictorError URL_INVALID, NOT_FOUND */
export function taskOf(call: Call, settings: VipSettings): StorageTask {
  const route = routeOf(call.target);
  switch (route.to) {
    case 'upload':
      return upload(call, route, settings);
    case 'warm-up':
      return warmUp(call, route, settings);
    case 'image':
      return show(call, route, settings);
    case 'ping':
      return { task: 'reply', grant: free, reply: pingReply, quiet: true };
    case 'elsewhere':
      return { task: 'reply', grant: free, reply: movedTo(call, route.path) };
    case 'nowhere':
      throw new PictorError('NOT_FOUND');
  }
}

function movedTo({ target }: Call, path: string): FixedReply {
  const query = target.query === '' ? '' : `?${target.query}`;
  return empty(301, { Location: prefixOf(target) + path + query });
}

type RouteTo<Name extends Route['to']> = Extract<Route, { to: Name }>;

function upload(call: Call, { bucket: named }: RouteTo<'upload'>, settings: VipSettings): StorageTask {
  const access = accessOf(call, settings);
  if (access.preflight) return answered(access, empty(200));
  if (call.method !== 'POST') return answered(access, empty(405, { Allow: 'POST, OPTIONS' }));
  const bucket = bucketFor(named, settings);
  if (bucket === null) return hidden(access);
  return uploadTask(call, access, { destination: { named, bucket }, settings });
}

function warmUp(call: Call, route: Extract<Route, { image: string }>, settings: VipSettings): StorageTask {
  const access = accessOf(call, settings);
  if (access.preflight) return answered(access, empty(200));
  const bucket = bucketFor(route.bucket, settings);
  if (bucket === null) return hidden(access);
  const { grant, headers } = access;
  const place = { bucket, image: route.image };
  return {
    task: 'make',
    grant,
    voice: { headers },
    bucket,
    recipes: warmUpSizes(call.headers['x-vip-warmup'], settings).map((size) => recipeFor(place, size)),
    when: 'after',
    reply: empty(200),
  };
}

function show(call: Call, route: Extract<Route, { image: string }>, settings: VipSettings): StorageTask {
  if (call.method !== 'GET' && call.method !== 'HEAD')
    return { task: 'reply', grant: free, reply: empty(405, { Allow: 'GET, HEAD' }) };
  const bucket = bucketFor(route.bucket, settings);
  if (bucket === null) throw noBucket();
  const place = { bucket, image: route.image };
  const size = sizeIn(call.target.query, settings);
  const shown = { task: 'show', grant: free, bucket, showing, steady: true } as const;
  if (size.width === 0) return { ...shown, key: route.image };
  const key = keyOf(route.image, size);
  return mayBeMade(size, settings) ? { ...shown, key, recipe: recipeFor(place, size) } : { ...shown, key };
}

const answered = ({ grant, headers }: Access, reply: FixedReply): StorageTask => ({
  task: 'reply',
  grant,
  voice: { headers },
  reply,
});

const noBucket = (): PictorError =>
  new PictorError('OBJECT_NOT_FOUND', {
    detail: 'the bucket is not on the list, or no bucket can be called so',
  });

/** A bucket that nobody can use here; only those are told who might have used it. */
const hidden = ({ grant, headers }: Access): StorageTask => ({
  task: 'refuse',
  grant,
  voice: { headers, errors: { OBJECT_NOT_FOUND: missingBucket } },
  error: noBucket(),
});
