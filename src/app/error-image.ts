import * as z from 'zod';
import { seconds } from '../core/settings.ts';
import type { AssetSpec, MountPolicy } from '../request/dialect.ts';

const isHttpUrl = (text: string): boolean =>
  URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);

/** Statuses of answers without a body (RFC 9110). */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** The `errorImage` of a mount, whatever it speaks. */
export const errorImageSettings = z
  .strictObject({
    path: z.string().default('').describe('File of the picture; read at the start.'),
    url: z
      .string()
      .default('')
      .refine((text) => text === '' || isHttpUrl(text), 'expected an http or https URL')
      .describe('URL of the picture, in place of a file; fetched at the start.'),
    status: z
      .union([z.literal(0), z.number().int().min(200).max(599)])
      .refine((status) => !bodiless.has(status), 'expected a status that a picture can be sent with')
      .default(0)
      .meta({ syntax: 'status or 0' })
      .describe('Status it is sent with. 0: that of the error it stands for.'),
    maxAgeSeconds: seconds(0).describe(
      'How long clients and caches may keep it. 0: not at all (`no-store`).',
    ),
    covers: z
      .enum(['all', 'sources'])
      .default('all')
      .describe(
        'all: whatever keeps a picture away that may be asked for, but for an overload. sources: only that its source cannot be had, or is none.',
      ),
  })
  .refine(({ path, url }) => (path === '') !== (url === ''), 'expected either path or url')
  .describe('Picture shown in place of one that cannot be had. One that `settings` name wins.');

export type ErrorImageSettings = z.infer<typeof errorImageSettings>;

/** The picture to be read, and the setting that names it. */
export const errorImageAsset = ({ path, url }: ErrorImageSettings): AssetSpec =>
  path === ''
    ? { name: 'error', setting: 'errorImage.url', from: { url } }
    : { name: 'error', setting: 'errorImage.path', from: { path } };

/**
 * The policy with the mount's picture for errors, unless the language has one of its own.
 * @param uri of the picture that was read; undefined: none was
 */
export function withErrorImage(
  policy: MountPolicy,
  settings: ErrorImageSettings | undefined,
  uri: string | undefined,
): MountPolicy {
  if (settings === undefined || uri === undefined || policy.fallback !== undefined) return policy;
  const { status, maxAgeSeconds, covers } = settings;
  const noStore = maxAgeSeconds === 0 ? { noStore: true } : {};
  const fallback = {
    uri,
    status,
    covers,
    ttlSeconds: maxAgeSeconds,
    ...noStore,
    rawToo: true,
    ofMount: true,
  } as const;
  return { ...policy, fallback };
}
