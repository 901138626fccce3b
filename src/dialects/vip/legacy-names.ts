import { type GoFlagReading, goUsage, readGoFlags } from '../../lib/go-flags.ts';

/** A flag of vip. */
export interface LegacyFlag {
  readonly name: string;
  readonly isSwitch: boolean;
  readonly usage: string;
  readonly fallback?: string;
  /** Setting it becomes. Absent: it is understood and changes nothing. */
  readonly to?: string;
}

/** Every flag, in the order of the alphabet. */
export const legacyFlags: readonly LegacyFlag[] = [
  {
    name: 'cacheport',
    isSwitch: false,
    usage: 'deprecated, changes nothing: servers do not ask each other',
    fallback: '9001',
  },
  { name: 'httpport', isSwitch: false, usage: 'port to listen on', fallback: '8080', to: 'server.bind' },
  { name: 'rpcport', isSwitch: false, usage: 'deprecated, changes nothing', fallback: '7001' },
  { name: 'verbose', isSwitch: true, usage: 'deprecated, changes nothing: the log is always written' },
];

/** A variable of vip, or one of ours beside them. Empty ones count as unset. */
export interface LegacyVariable {
  readonly name: string;
  /** Setting it becomes, `settings.` being those of the mount. */
  readonly to: string;
  readonly meaning: string;
  readonly fallback?: string;
  /** True: vip has no such variable. */
  readonly ours?: true;
}

/** Every variable that is understood; of two for one setting the first counts. */
export const legacyVariables: readonly LegacyVariable[] = [
  { name: 'AWS_ACCESS_KEY_ID', to: 'settings.s3.accessKeyId', meaning: 'key for S3' },
  { name: 'AWS_ACCESS_KEY', to: 'settings.s3.accessKeyId', meaning: 'the same' },
  { name: 'AWS_SECRET_ACCESS_KEY', to: 'settings.s3.secretAccessKey', meaning: 'its secret' },
  { name: 'AWS_SECRET_KEY', to: 'settings.s3.secretAccessKey', meaning: 'the same' },
  { name: 'AWS_SECURITY_TOKEN', to: 'settings.s3.sessionToken', meaning: 'token of a temporary key' },
  { name: 'AWS_SESSION_TOKEN', to: 'settings.s3.sessionToken', meaning: 'the same', ours: true },
  {
    name: 'AWS_REGION',
    to: 'settings.s3.region',
    meaning: 'region of the buckets; what is none counts as unset',
    fallback: 'us-east-1',
  },
  {
    name: 'AWS_ENDPOINT_URL_S3',
    to: 'settings.s3.endpoint',
    meaning: 'URL of an S3 service other than Amazon',
    ours: true,
  },
  { name: 'AWS_ENDPOINT_URL', to: 'settings.s3.endpoint', meaning: 'the same', ours: true },
  {
    name: 'URI_HOSTNAME',
    to: 'settings.urlHost',
    meaning: 'host in the URLs of uploads; unset: the one the client asked',
  },
  { name: 'AUTH_TOKEN', to: 'settings.token', meaning: 'what uploads need; unset: nothing' },
  {
    name: 'ALLOWED_ORIGIN',
    to: 'settings.allowedOrigins',
    meaning: 'hosts whose pages may upload, separated by commas; unset: CORS is off',
  },
  {
    name: 'VIP_SIZE_LIMIT',
    to: 'settings.maxUploadMegabytes',
    meaning: 'largest upload, MiB; what is no whole number counts as unset',
    fallback: '5',
  },
  {
    name: 'VIP_MAX_WIDTH',
    to: 'settings.maxWidth',
    meaning: 'widest picture that is made; what is no whole number counts as unset',
    fallback: '720',
  },
  { name: 'DISABLE_HTTP2', to: 'server.tls.http2', meaning: 'anything: HTTP/1.1 alone' },
  {
    name: 'VIP_REQUIRE_TOKEN',
    to: 'settings.requireToken',
    meaning: '`1`: pages of allowed origins need the token too',
    ours: true,
  },
  {
    name: 'VIP_ACL',
    to: 'settings.s3.acl',
    meaning: 'canned ACL of what is written; `none` for buckets that know no ACLs',
    fallback: 'bucket-owner-read',
    ours: true,
  },
  {
    name: 'VIP_BUCKETS',
    to: 'settings.buckets',
    meaning: 'buckets that URLs may name, separated by commas; unset: all',
    ours: true,
  },
  {
    name: 'VIP_ALLOWED_WIDTHS',
    to: 'settings.allowedWidths',
    meaning: 'widths that are made, separated by commas; unset: all',
    ours: true,
  },
];

/**
 * Reads a command line the way vip does.
 * @param isOurs whether `--name` is a flag of pictor's own; its value may follow
 */
export const readFlags = (
  args: readonly string[],
  isOurs: (name: string) => boolean,
): GoFlagReading<LegacyFlag> => {
  const reading = readGoFlags(args, { flags: legacyFlags, isSwitch: (flag) => flag.isSwitch, isOurs });
  const wrong = reading.given.filter(({ flag, text }) => flag.isSwitch && !goBooleans.has(text));
  const misuses = wrong.map(
    ({ flag, text }) => `invalid boolean value ${JSON.stringify(text)} for -${flag.name}: parse error`,
  );
  return { ...reading, misuses: [...reading.misuses, ...misuses] };
};

/** What Go takes for one (`strconv.ParseBool`). */
const goBooleans: ReadonlySet<string> = new Set([
  '1',
  't',
  'T',
  'TRUE',
  'true',
  'True',
  '0',
  'f',
  'F',
  'FALSE',
  'false',
  'False',
]);

/** The list of flags as Go prints it. */
export const usageText = (): string =>
  goUsage(
    'vip',
    legacyFlags.map(({ name, isSwitch, usage, fallback }) => ({
      name,
      takes: isSwitch ? '' : ' string',
      usage,
      fallback: fallback === undefined ? undefined : `"${fallback}"`,
    })),
  );
