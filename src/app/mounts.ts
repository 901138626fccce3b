import * as z from 'zod';
import type { DialectName } from '../dialects/index.gen.ts';
import type { Mount } from '../http/handler.ts';
import type { MountStorage } from '../http/storage-desk.ts';
import { parseHostPattern } from '../lib/host-pattern.ts';
import { mountLimitsSettings } from '../plan/settings.ts';
import type { MountPolicy, ParsedRequest, RequestTarget } from '../request/dialect.ts';
import type { MountLimits } from '../request/image-request.ts';
import { resultLimitsOf, withMountLimits } from '../request/mount-limits.ts';
import type { Call } from '../request/storage.ts';
import { mountCacheSettings } from '../stores/settings.ts';
import type { MountAssets } from './assets.ts';
import { dialectOf, dialectSettingsOf } from './dialects.ts';
import { errorImageSettings, withErrorImage } from './error-image.ts';
import { mountLimitsOf } from './mount-limits.ts';

const prefix = z
  .string()
  // Compared with what clients send, byte for byte: those escape all but ASCII.
  .regex(
    /^(\/(?:(?![/?#%])[!-~]|%[0-9A-Fa-f]{2})+)*\/?$/,
    'expected a path such as /img, escaped as in URLs: /two%20words',
  )
  .default('')
  .describe('Path below which this mount answers, e.g. /img. Empty: everything.');

const hosts = z
  .array(
    z
      .string()
      .refine((text) => parseHostPattern(text) !== null, 'expected a host: example.com or *.example.com'),
  )
  .default([])
  .describe('Host names this mount answers for: img.example.com, *.example.com. Empty: all.');

/** What a mount may have of its own, whatever it speaks. Of every dialect the very same, so that it is told once. */
const ownFields = {
  limits: mountLimitsSettings.optional(),
  errorImage: errorImageSettings.optional(),
  cache: mountCacheSettings.optional(),
};

/** Fields of a mount that speaks one dialect. */
const mountOf = <Name extends DialectName>(dialect: Name) =>
  z
    .strictObject({
      prefix,
      hosts,
      dialect: z.literal(dialect).describe('The URL language that is spoken here.'),
      ...ownFields,
      settings: z.prefault(dialectSettingsOf(dialect), {} as never),
    })
    .describe(`A mount with \`dialect: ${dialect}\`:`);

type MountSchema = { [Name in DialectName]: ReturnType<typeof mountOf<Name>> }[DialectName];

/** A place and what is spoken there, as configured. */
export type MountSettings = z.output<MountSchema>;

/** The same as somebody writes it: what is absent has its default. */
export type MountInput = z.input<MountSchema>;

const oneMount: readonly MountInput[] = [{ prefix: '/imgproxy', dialect: 'imgproxy' }];

/** `/` and the empty prefix are the same place. */
const withoutSlash = (place: string): string => place.replace(/\/$/, '');

/** Mounts at a place that another has already: they would never be asked. One that was refused is a hole in the list. */
function findTwins(mounts: readonly MountSettings[]): number[] {
  const seen = new Set<string>();
  return mounts.flatMap(({ prefix: place, hosts: names }, index) => {
    const keys = (names.length === 0 ? ['*'] : names).map(
      (name) => `${name.toLowerCase()} ${withoutSlash(place)}`,
    );
    const isTwin = keys.some((key) => seen.has(key));
    for (const key of keys) seen.add(key);
    return isTwin ? [index] : [];
  });
}

/**
 * Which URLs are answered, and in which language. Never empty: without a configuration, one mount to try things out.
 * @param names the dialects that may be spoken: those that are loaded
 * @param unless what is mounted where nothing is said
 */
export function mountsSettingsFor(names: readonly DialectName[], unless = oneMount) {
  const options = names.map((name) => mountOf(name)) as unknown as [MountSchema, ...MountSchema[]];
  return z
    .array(z.discriminatedUnion('dialect', options))
    .min(1)
    .superRefine((mounts, context) => {
      const message = 'another mount has the same prefix and host, so this one would never be asked';
      for (const twin of findTwins(mounts))
        context.addIssue({ code: 'custom', path: [twin, 'prefix'], message });
    })
    .prefault([...unless])
    .describe(
      'Where which URLs are answered: a list of places, each with the dialect spoken there and its settings. `pictor serve` without any mounts all dialects, to try them out.',
    );
}

/** What a mount is called in events, metrics and outboxes: the same after a restart. */
export const mountName = ({
  prefix: place,
  hosts: names,
  dialect,
}: Pick<MountSettings, 'prefix' | 'hosts' | 'dialect'>): string =>
  `${names.join(',')}${withoutSlash(place)}` || dialect;

/** Formats that a mount chooses by itself, for instance by the Accept header. */
export function wantedFormats({ dialect: name, settings }: MountSettings): readonly string[] {
  return dialectOf(name).wantedFormats?.(settings) ?? [];
}

const noAssets: MountAssets = { uris: {}, errorImage: undefined, cacheControl: new Map() };

/** What was opened for a mount. */
export interface MountBelongings {
  /** Its own pictures, which were read. */
  readonly assets?: MountAssets | undefined;
  /** What it keeps pictures in. Absent or null: it answers no requests that need it. */
  readonly kept?: Omit<MountStorage, 'task'> | null | undefined;
  /** True: its cache lies as that of another server, so keys have the names that one gave. Absent: they do not. */
  readonly named?: boolean;
}

/**
 * A mount as the HTTP edge takes it: the dialect with its settings bound.
 * @param unwritable formats that this server cannot write; the mount then chooses among the others
 */
export function openMount(
  mount: MountSettings,
  unwritable: ReadonlyMap<string, string> = new Map(),
  { assets = noAssets, kept = null, named = false }: MountBelongings = {},
): Mount {
  const dialect = dialectOf(mount.dialect);
  const possible = dialect.withoutFormats?.(mount.settings, unwritable) ?? mount.settings;
  const settings = dialect.withAssets?.(possible, assets.uris) ?? possible;
  const { grantOf, storage } = dialect;
  const limits = mountLimitsOf(mount.limits);
  const policy = withErrorImage(dialect.policy(settings), mount.errorImage, assets.errorImage);
  return {
    name: mountName(mount),
    prefix: withoutSlash(mount.prefix),
    hosts: mount.hosts,
    policy: withFallbackLimits(withAssetHeaders(policy, assets), limits),
    style: dialect.replies(settings),
    parse: (target, hints) => settled(dialect.parse(target, settings, hints), { limits, named }),
    ...(grantOf === undefined ? {} : { grantOf: (target: RequestTarget) => grantOf(target, settings) }),
    ...(storage === undefined || kept === null
      ? {}
      : { storage: { ...kept, task: (call: Call) => storage.task(call, settings) } }),
  };
}

/** What a dialect has read, as this mount takes it. */
function settled(
  found: ParsedRequest,
  { limits, named }: { readonly limits: MountLimits | undefined; readonly named: boolean },
): ParsedRequest {
  const { names, ...parsed } = found;
  if (limits === undefined && (named || names === undefined)) return found;
  return {
    ...parsed,
    image: withMountLimits(parsed.image, limits),
    ...(named && names !== undefined ? { names } : {}),
  };
}

/** What may be made of a fallback image is up to the mount; the image itself is the operator's own. */
const withFallbackLimits = (policy: MountPolicy, limits: MountLimits | undefined): MountPolicy =>
  policy.fallback === undefined || limits === undefined
    ? policy
    : { ...policy, fallback: { ...policy.fallback, limits: resultLimitsOf(limits) } };

/** A fallback image from the web counts for passthrough as any source does. */
function withAssetHeaders(policy: MountPolicy, { cacheControl }: MountAssets): MountPolicy {
  const value = policy.fallback === undefined ? undefined : cacheControl.get(policy.fallback.uri);
  return policy.fallback === undefined || value === undefined
    ? policy
    : { ...policy, fallback: { ...policy.fallback, cacheControl: value } };
}

/** A mount with every setting as it takes effect, for those who ask what is set. */
export function effectiveMount(mount: MountSettings): Readonly<Record<string, unknown>> {
  return { ...mount, settings: dialectOf(mount.dialect).effective(mount.settings) };
}
