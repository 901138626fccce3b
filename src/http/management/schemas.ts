import * as z from 'zod';

const mount = z.string().min(1).describe('The mount as `GET /v1/mounts` names it.').meta({ example: '/img' });

const bucket = z
  .string()
  .max(255)
  .default('')
  .describe('The bucket, where URLs of the mount name one. Absent for all others.');

const key = z
  .string()
  .min(1)
  .max(1024)
  .describe('Key of the original in its bucket.')
  .meta({ example: 'products/6e0/072/682/e66287b662827da75b244a3/original' });

const waitSeconds = z.coerce
  .number()
  .min(0)
  .max(300)
  .default(10)
  .describe(
    'How long to wait until the bytes are gone from the caches, seconds. They are not answered any more in any case.',
  );

export const originalQuery = z.strictObject({ mount, bucket, key });

export const removalQuery = z.strictObject({ mount, bucket, key, waitSeconds });

export const listQuery = z.strictObject({
  mount,
  bucket,
  prefix: z
    .string()
    .max(1024)
    .default('')
    .describe('Only originals whose keys begin so; a namespace with its slash, say.')
    .meta({ example: 'products/' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('Originals per page, at most.'),
  cursor: z
    .string()
    .max(4096)
    .optional()
    .describe('Of the page before. With the same mount, bucket and prefix.'),
});

export const erasureBody = z
  .strictObject({
    mount,
    bucket,
    prefix: z
      .string()
      .max(1024)
      .default('')
      .describe('All originals whose keys begin so. A namespace needs its slash: `a` is also `ab/`.')
      .meta({ example: 'products/' }),
    everything: z
      .boolean()
      .default(false)
      .describe('True: no prefix is meant, and the whole bucket is erased.'),
    seconds: z
      .number()
      .min(1)
      .max(600)
      .default(30)
      .describe('How long to go on, seconds. What is left then is left for the next call.'),
  })
  .refine(({ prefix, everything }) => (prefix === '') === everything, {
    path: ['prefix'],
    message: 'expected a prefix, or `everything: true` without one',
  });

export const purgeBody = z.union([
  z.strictObject({
    source: z
      .string()
      .min(1)
      .max(8192)
      .describe('URL or URI of the original, as the log shows it as `source`.')
      .meta({ example: 'https://example.com/cat.jpg' }),
    waitSeconds,
  }),
  z.strictObject({ mount, bucket, key, waitSeconds }),
]);

const copies = z
  .enum(['removed', 'being-removed'])
  .describe(
    'What has become of cached bytes. None of them is answered any more either way; `being-removed`: some may still lie in a cache.',
  );

const object = z.object({
  key: z.string().describe('Key in its bucket.'),
  bytes: z.number().int().describe('Its size.'),
  modified: z.string().describe('When it was stored, RFC 3339.'),
});

export const mountsReply = z.object({
  mounts: z.array(
    z.object({
      name: z.string().describe('Hosts and prefix; the dialect where it has neither.'),
      dialect: z.string().describe('The URL language that is spoken there.'),
      namedBuckets: z.boolean().describe('True: requests name the bucket.'),
      readOnly: z.boolean().describe('True: originals are only read here; nothing is ever deleted.'),
    }),
  ),
});

export const listReply = z.object({
  originals: z.array(object).describe('In the order of the bytes of their keys.'),
  cursor: z
    .string()
    .nullable()
    .describe('Of the next page; null: this was the last one. A page may be empty and not the last.'),
});

export const originalReply = object.extend({
  contentType: z.string().nullable().describe('As it was stored; null: nobody said.'),
  etag: z.string().nullable().describe('Same text, same bytes; null: the storage tells none.'),
  belongings: z
    .array(object)
    .describe('What was made of it and kept, and files beside it. A thousand of them at most.'),
  more: z.boolean().describe('True: there are more belongings than these.'),
});

export const removalReply = z.object({
  objects: z.number().int().describe('Objects that were deleted, with what was made of the original.'),
  copies,
});

export const erasureReply = z.object({
  done: z.boolean().describe('False: call again to go on.'),
  originals: z.number().int().describe('Originals that this call has deleted.'),
  objects: z.number().int().describe('… with what was made of them.'),
  copies,
});

export const purgeReply = z.object({ copies });

export const errorReply = z.object({
  error: z.object({
    code: z.string().describe('One of those in the reference of errors.'),
    message: z.string().describe('The same in words.'),
    reason: z.string().optional().describe('What is wrong with this request.'),
    requestId: z.string().describe('Leads to the line in the log.'),
  }),
});
