/** A flag of image-server, or one of ours beside them. */
export interface LegacyFlag {
  readonly name: string;
  readonly kind: 'switch' | 'text' | 'list' | 'number';
  /** What it does, for the usage. */
  readonly usage: string;
  /** Its default, where it has one, for the usage. */
  readonly fallback?: string;
  /** Setting it becomes, `settings.` being those of the mount; none where several or none do. */
  readonly to?: string;
  /** True: image-server has no such flag. */
  readonly ours?: true;
  /** Said to whoever sets it: it does nothing. */
  readonly inert?: string;
}

const flag = (
  name: string,
  kind: LegacyFlag['kind'],
  usage: string,
  more: Partial<LegacyFlag> = {},
): LegacyFlag => ({ name, kind, usage, ...more });

const manta = (name: string): LegacyFlag =>
  flag(name, 'text', 'deprecated, changes nothing', {
    inert: 'is deprecated: Manta is not supported any more',
  });

/** Every flag that is understood, by the parts of the server they are about. */
export const legacyFlags: readonly LegacyFlag[] = [
  flag('port', 'number', 'port for pictures', { fallback: '7000' }),
  flag('listen', 'text', 'address both listeners have', { fallback: '127.0.0.1' }),
  flag('admin_port', 'number', 'port for probes and metrics', { fallback: '7002', ours: true }),

  flag('namespace', 'text', 'only for the command cli'),
  flag('outputs', 'list', 'variants of uploads that name none, separated by commas', {
    to: 'settings.outputs',
  }),
  flag('extensions', 'list', 'extensions that may be asked for; empty: all', {
    fallback: 'jpg,gif,webp',
    to: 'settings.extensions',
  }),
  flag('maximum_width', 'number', 'largest width or height that may be asked for; not set: 10000', {
    to: 'settings.maxSide',
  }),
  flag('default_quality', 'number', 'quality where the name says none', {
    fallback: '75',
    to: 'settings.defaultQuality',
  }),
  flag('allow-custom-names', 'switch', 'make full-size pictures under any name', {
    ours: true,
    to: 'settings.customNames',
  }),
  flag('allow-svg', 'switch', 'draw variants of SVG', { ours: true, to: 'settings.variantsOfSvg' }),
  flag('max_upload_bytes', 'number', 'longest body that is taken', {
    fallback: '100000000',
    ours: true,
    to: 'settings.maxUploadBytes',
  }),
  flag('cache_control', 'text', 'Cache-Control sent with pictures', {
    ours: true,
    to: 'settings.cacheControl',
  }),

  flag('local_base_path', 'text', 'folder of pictures', {
    fallback: 'public',
    to: 'settings.storage.root',
  }),
  flag('remote_base_url', 'text', 'what public URLs begin with, and objects are read from', {
    to: 'settings.storage.publicUrl',
  }),
  flag('remote_base_path', 'text', 'put before every key', { to: 'settings.storage.path' }),
  flag('uploader', 'text', 's3 (or aws), or noop; empty: s3 where aws_access_key_id is set'),
  flag('max_file_age', 'number', 'minutes that files stay in the folder once they are in the bucket', {
    fallback: '30',
  }),
  flag('aws_access_key_id', 'text', 'credentials; not set: those of the environment', {
    to: 'settings.storage.s3.accessKeyId',
  }),
  flag('aws_secret_key', 'text', 'their secret', { to: 'settings.storage.s3.secretAccessKey' }),
  flag('aws_bucket', 'text', 'bucket', { to: 'settings.storage.s3.bucket' }),
  flag('aws_region', 'text', 'region of the bucket', { to: 'settings.storage.s3.region' }),
  flag('aws_acl', 'text', 'canned ACL of what is written; empty: none, for buckets without ACLs', {
    fallback: 'public-read',
    ours: true,
    to: 'settings.storage.s3.acl',
  }),

  flag('uploader_concurrency', 'number', 'uploads to the bucket at the same time', {
    fallback: '10',
    to: 'settings.storage.concurrency',
  }),
  flag('processor_concurrency', 'number', 'pictures made at the same time; not set: one per processor', {
    to: 'admission.processConcurrency',
  }),
  flag('http_timeout', 'number', 'seconds until a source begins to answer', {
    fallback: '5',
    to: 'sources.http.headersTimeoutSeconds',
  }),
  flag('allow-private-sources', 'switch', 'take sources on loopback and private addresses too', {
    ours: true,
  }),

  flag('enable_statsd', 'switch', 'send metrics to StatsD', { to: 'statsd.enabled' }),
  flag('statsd_host', 'text', 'its host', { fallback: '127.0.0.1', to: 'statsd.host' }),
  flag('statsd_port', 'number', 'its port', { fallback: '8125', to: 'statsd.port' }),
  flag('statsd_prefix', 'text', 'put before every name; %HOST% is the name of this host', {
    fallback: 'image_server.',
    to: 'statsd.prefix',
  }),

  flag('require-signature', 'switch', 'ask for signed URLs for uploads', {
    to: 'settings.signatures.uploads',
  }),
  flag('require-signature-for-reads', 'switch', 'ask for them for pictures too', {
    to: 'settings.signatures.reads',
  }),
  flag('signing-secrets-file', 'text', 'file with one secret per line', {
    to: 'settings.signatures.secretsFile',
  }),
  flag('signature-max-ttl', 'number', 'minutes ahead that a URL may expire', {
    fallback: '60',
    to: 'settings.signatures.maxTtlMinutes',
  }),

  flag('webhook-url', 'text', 'endpoint that is told of uploads and variants', {
    to: 'settings.webhook.url',
  }),
  flag('webhook-secret', 'text', 'signs what it is told', { to: 'settings.webhook.secret' }),
  flag('webhook-timeout', 'number', 'seconds for one attempt', { fallback: '10' }),
  flag('webhook-events', 'list', 'uploaded, processed, failed, batch_complete; empty: all'),

  flag('gomaxprocs', 'number', 'changes nothing'),
  flag('profile', 'switch', 'changes nothing', { inert: 'changes nothing: there is no profiler to open' }),
  manta('manta_url'),
  manta('manta_user'),
  manta('manta_key_id'),
  manta('sdc_identity'),
];

const flagsByName: ReadonlyMap<string, LegacyFlag> = new Map(legacyFlags.map((each) => [each.name, each]));

/** One flag on the command line. */
export interface GivenFlag {
  readonly flag: LegacyFlag;
  readonly text: string;
}

export interface FlagReading {
  readonly given: readonly GivenFlag[];
  /** Flags of pictor's own, for its own reader. */
  readonly rest: readonly string[];
  /** Words that are no flags, and no values of any. */
  readonly words: readonly string[];
  /** What was not understood. */
  readonly misuses: readonly string[];
}

/**
 * Reads a command line as the original did: `--name value`, `--name=value`, a switch takes a value only behind `=`, and
 * words may stand anywhere between. All that is wrong is told at once.
 * @param isOurs whether `--name` is a flag of pictor's own; its value may follow
 */
export function readFlags(args: readonly string[], isOurs: (name: string) => boolean): FlagReading {
  const reading: OpenReading = { given: [], rest: [], words: [], misuses: [] };
  let at = 0;
  while (at < args.length) at += takeWord(reading, [args[at]!, args[at + 1]], isOurs);
  return reading;
}

interface OpenReading {
  readonly given: GivenFlag[];
  readonly rest: string[];
  readonly words: string[];
  readonly misuses: string[];
}

/** Takes one word in, with the one behind it where that is its value, and gives the number of words. */
function takeWord(
  reading: OpenReading,
  [word, next]: readonly [string, string | undefined],
  isOurs: (name: string) => boolean,
): 1 | 2 {
  if (!word.startsWith('-') || word === '-') {
    reading.words.push(word);
    return 1;
  }
  const [, name, inline] = /^--([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const flag = flagsByName.get(name ?? '');
  if (flag !== undefined) return takeFlag(reading, flag, { inline, next });
  if (name === undefined || !isOurs(`--${name}`)) {
    reading.misuses.push(name === undefined ? `unknown shorthand flag: ${word}` : `unknown flag: --${name}`);
    return 1;
  }
  const hasValue = inline === undefined && next !== undefined && !next.startsWith('-');
  reading.rest.push(word, ...(hasValue ? [next] : []));
  return hasValue ? 2 : 1;
}

interface PossibleValues {
  readonly inline: string | undefined;
  readonly next: string | undefined;
}

function takeFlag(reading: OpenReading, flag: LegacyFlag, { inline, next }: PossibleValues): 1 | 2 {
  if (inline !== undefined || flag.kind === 'switch') {
    reading.given.push({ flag, text: inline ?? 'true' });
    return 1;
  }
  if (next === undefined) reading.misuses.push(`flag needs an argument: --${flag.name}`);
  else reading.given.push({ flag, text: next });
  return 2;
}

/** The list of flags as the original's help has it. */
export function usageText(): string {
  const kinds = { switch: '', text: ' string', list: ' list', number: ' int' };
  const left = ({ name, kind }: LegacyFlag) => `      --${name}${kinds[kind]}`;
  const width = Math.max(...legacyFlags.map((each) => left(each).length)) + 3;
  const rows = legacyFlags.map((each) => {
    const shown = each.fallback === undefined ? '' : ` (default ${each.fallback})`;
    return `${left(each).padEnd(width)}${each.usage}${shown}`;
  });
  return `Flags:\n${rows.join('\n')}\n`;
}
