import { type GoFlagReading, goUsage, readGoFlags } from '../../lib/go-flags.ts';

/** A flag of imageproxy, or one of ours beside them. Each, but `version`, is also a variable: `IMAGEPROXY_{NAME}`. */
export interface LegacyFlag {
  readonly name: string;
  readonly kind: 'switch' | 'text' | 'list' | 'duration' | 'repeated';
  /** What it does, for the usage. */
  readonly usage: string;
  /** Its default, where it has one, for the usage. */
  readonly fallback?: string;
  /** Setting it becomes, `settings.` being those of the mount; none where several or none do. */
  readonly to?: string;
  /** True: imageproxy has no such flag. */
  readonly ours?: true;
  /** True: there is no such variable. */
  readonly flagOnly?: true;
}

const flag = (
  name: string,
  kind: LegacyFlag['kind'],
  usage: string,
  more: Partial<LegacyFlag> = {},
): LegacyFlag => ({
  name,
  kind,
  usage,
  ...more,
});

/** Every flag that is understood, in the order of the alphabet. */
export const legacyFlags: readonly LegacyFlag[] = [
  flag('addr', 'text', 'address to listen on: host:port or unix:/path', {
    fallback: 'localhost:8080',
    to: 'server.bind',
  }),
  flag('allowHosts', 'list', 'hosts whose images need no signature, separated by commas', {
    to: 'settings.allowHosts',
  }),
  flag('allowPrivateSources', 'switch', 'fetch from loopback and private addresses too', { ours: true }),
  flag('baseURL', 'text', 'what relative remote URLs are seen from', { to: 'settings.baseUrl' }),
  flag(
    'cache',
    'repeated',
    'where to keep images: memory[:size[:age]], a folder, s3://…, gcs://…, azure://… or redis://…',
  ),
  flag('contentTypes', 'list', 'media types that are given to clients, separated by commas', {
    fallback: 'image/*',
    to: 'settings.contentTypes',
  }),
  flag('denyHosts', 'list', 'hosts whose images are never given, separated by commas', {
    to: 'settings.denyHosts',
  }),
  flag('followRedirects', 'switch', 'follow redirects of remote hosts', { fallback: 'true' }),
  flag('forceCache', 'switch', 'keep images whose source says private or no-store', {
    to: 'settings.forceCache',
  }),
  flag('includeReferer', 'switch', 'send the Referer header of the client to the remote host', {
    to: 'settings.includeReferer',
  }),
  flag('minCacheDuration', 'duration', 'least age images are given', { to: 'settings.minCacheSeconds' }),
  flag('passRequestHeaders', 'list', 'headers of the client that go to the remote host', {
    to: 'settings.passRequestHeaders',
  }),
  flag('passResponseHeaders', 'list', 'headers of the remote host that go to the client', {
    fallback: 'Cache-Control,Last-Modified,Expires,Etag,Link',
    to: 'settings.passResponseHeaders',
  }),
  flag('referrers', 'list', 'hosts whose pages may show images, separated by commas', {
    to: 'settings.referrers',
  }),
  flag('requireOptionSignature', 'switch', 'take only signatures that cover the options too', {
    ours: true,
    to: 'settings.requireOptionSignature',
  }),
  flag('scaleUp', 'switch', 'let images be enlarged', { to: 'settings.scaleUp' }),
  flag('signatureKey', 'repeated', 'HMAC key, or @file with one', { to: 'settings.keys' }),
  flag('strictMethods', 'switch', 'answer 405 to methods other than GET, HEAD and OPTIONS', {
    ours: true,
    to: 'settings.strictMethods',
  }),
  flag('timeout', 'duration', 'time limit of a fetch', { to: 'sources.http.timeoutSeconds' }),
  flag('userAgent', 'text', 'User-Agent sent to remote hosts', {
    fallback: 'willnorris/imageproxy',
    to: 'sources.http.userAgent',
  }),
  flag('verbose', 'switch', 'log more'),
  flag('version', 'switch', 'deprecated, changes nothing', { flagOnly: true }),
  flag('whitelist', 'list', 'the name of allowHosts before version 0.9', { to: 'settings.allowHosts' }),
];

export type FlagReading = GoFlagReading<LegacyFlag>;

/**
 * Reads a command line the way imageproxy does.
 * @param isOurs whether `--name` is a flag of pictor's own; its value may follow
 */
export const readFlags = (args: readonly string[], isOurs: (name: string) => boolean): FlagReading =>
  readGoFlags(args, { flags: legacyFlags, isSwitch: ({ kind }) => kind === 'switch', isOurs });

/** The list of flags as Go prints it. */
export function usageText(): string {
  const kinds = { switch: '', text: ' string', list: ' list', duration: ' duration', repeated: ' value' };
  const shown = legacyFlags.map(({ name, kind, usage, fallback }) => ({
    name,
    takes: kinds[kind],
    usage,
    fallback: fallback === undefined || kind === 'switch' ? fallback : `"${fallback}"`,
  }));
  return goUsage('imageproxy', shown);
}
