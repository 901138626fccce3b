import { type FlagReading, type GivenFlag, type LegacyFlag, readFlags } from './legacy-flags.ts';
import { webhookEvents } from './webhook-settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface LegacyParts {
  /** For credentials that the SDK does not know the names of. */
  readonly env: Environment;
  readonly args: readonly string[];
  /** Whether `--name` is a flag of pictor's own. */
  readonly isOurs: (flag: string) => boolean;
}

/** One thing wrong, and where. */
export interface LegacyProblem {
  readonly where: string;
  readonly message: string;
}

export interface LegacyReading {
  /** Settings by path; those of the mount as `settings.storage.root`. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Flag by the same paths; what is not named is image-server's default. */
  readonly origins: ReadonlyMap<string, string>;
  /** Flags of pictor's own, for its own reader. */
  readonly rest: readonly string[];
  readonly words: readonly string[];
  /** What is wrong with the command line. */
  readonly misuses: readonly string[];
  /** What is wrong with values. No secret is repeated. */
  readonly problems: readonly LegacyProblem[];
  /** What the operator should know. */
  readonly notices: readonly string[];
}

/** What waits to be told is kept where the pictures are: that folder outlives a restart, and none is made beside it. */
function webhooksBelow(root: string): string {
  return `${root}/.pictor/webhooks`;
}

/** Where image-server's defaults differ from ours. */
export const legacyDefaults: Readonly<Record<string, unknown>> = {
  'server.bind': '127.0.0.1:7000',
  'server.shutdownTimeoutSeconds': 30,
  'admin.bind': '127.0.0.1:7002',
  'admin.probes': 'image-server',
  'webhooks.dir': webhooksBelow('public'),
  // Variants are kept beside their originals.
  'cache.dir': '',
  'limits.maxPixels': 100_000_000,
  'limits.maxResultPixels': 100_000_000,
  'sources.http.userAgent': 'image-server',
  'sources.http.maxRedirects': 10,
  'sources.http.timeoutSeconds': 60,
  'sources.http.connectTimeoutSeconds': 10,
  'sources.http.headersTimeoutSeconds': 5,
  'sources.http.allowUserInfo': true,
  'settings.storage.s3.acl': 'public-read',
};

interface Work {
  readonly env: Environment;
  readonly given: ReadonlyMap<string, GivenFlag>;
  readonly values: Map<string, unknown>;
  readonly origins: Map<string, string>;
  readonly problems: LegacyProblem[];
  readonly notices: string[];
}

/** Reads image-server's flags as our settings. Of a flag that is given twice the last counts. */
export function fromFlags({ env, args, isOurs }: LegacyParts): LegacyReading {
  const flags: FlagReading = readFlags(args, isOurs);
  const work: Work = {
    env,
    given: new Map(flags.given.map((each) => [each.flag.name, each])),
    values: new Map(Object.entries(legacyDefaults)),
    origins: new Map(),
    problems: [],
    notices: [],
  };
  for (const { flag } of work.given.values()) readPlain(work, flag);
  settleListeners(work);
  settleStorage(work);
  settleSources(work);
  settleWebhooks(work);
  noticeOpen(work);
  const { values, origins, problems, notices } = work;
  return { values, origins, problems, notices, ...picked(flags) };
}

const picked = ({ rest, words, misuses }: FlagReading) => ({ rest, words, misuses });

const origin = (name: string): string => `--${name}`;

function assign(work: Work, path: string, value: unknown, name: string): void {
  work.values.set(path, value);
  work.origins.set(path, origin(name));
}

const trueWords: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const falseWords: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** Parts between commas, without the spaces around them. */
const commaList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

type TextReading =
  | { readonly value: string | number | boolean | readonly string[] }
  | { readonly expected: string };

function readText({ kind }: LegacyFlag, text: string): TextReading {
  if (kind === 'list') return { value: commaList(text) };
  if (kind === 'text') return { value: text };
  if (kind === 'number') {
    return /^[+-]?\d{1,15}$/.test(text) ? { value: Number(text) } : { expected: 'a whole number' };
  }
  if (trueWords.has(text)) return { value: true };
  return falseWords.has(text) ? { value: false } : { expected: 'true or false' };
}

/** What a flag says; undefined where it was not given, or not understood. */
function said(work: Work, name: string): string | number | boolean | readonly string[] | undefined {
  const given = work.given.get(name);
  if (given === undefined) return undefined;
  const reading = readText(given.flag, given.text);
  return 'value' in reading ? reading.value : undefined;
}

const textSaid = (work: Work, name: string): string => String(said(work, name) ?? '');

function readPlain(work: Work, flag: LegacyFlag): void {
  const { text } = work.given.get(flag.name)!;
  const reading = readText(flag, text);
  if (!('value' in reading)) {
    work.problems.push({
      where: origin(flag.name),
      message: `expected ${reading.expected}, got ${JSON.stringify(text)}`,
    });
  } else if (flag.to !== undefined) assign(work, flag.to, reading.value, flag.name);
  if (flag.inert !== undefined) work.notices.push(`${origin(flag.name)} ${flag.inert}`);
}

/** Both listen at the same address, each on a port of its own. */
function settleListeners(work: Work): void {
  const host = textSaid(work, 'listen') || '127.0.0.1';
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const ports = [
    ['server.bind', 'port', 7000],
    ['admin.bind', 'admin_port', 7002],
  ] as const;
  for (const [path, name, usual] of ports) {
    const flags = ['listen', name].filter((each) => work.given.has(each));
    if (flags.length === 0) continue;
    const port = Number(said(work, name) ?? usual);
    if (port < 0 || port > 65_535)
      work.problems.push({ where: origin(name), message: `expected a port, got ${port}` });
    else assign(work, path, `${shown}:${port}`, flags.join(', --'));
  }
}

function settleStorage(work: Work): void {
  const remote = chosenRemote(work);
  if (remote !== undefined) assign(work, 'settings.storage.remote', remote.value, remote.name);
  if (remote?.value === 's3') {
    settleBucket(work, remote.name);
    settleReading(work);
  }
  const minutes = said(work, 'max_file_age');
  if (typeof minutes === 'number')
    assign(work, 'settings.storage.maxAgeMinutes', Math.max(1, minutes), 'max_file_age');
}

/** Undefined: nothing says where else objects are. */
function chosenRemote(work: Work): { readonly value: string; readonly name: string } | undefined {
  const uploader = textSaid(work, 'uploader');
  if (/^(s3|aws)$/i.test(uploader)) return { value: 's3', name: 'uploader' };
  if (uploader !== '' && uploader.toLowerCase() !== 'noop') {
    work.problems.push({
      where: origin('uploader'),
      message: `expected s3, aws or noop, got ${JSON.stringify(uploader)}`,
    });
    return undefined;
  }
  if (uploader === '' && textSaid(work, 'aws_access_key_id') !== '')
    return { value: 's3', name: 'aws_access_key_id' };
  return textSaid(work, 'remote_base_url') === '' ? undefined : { value: 'http', name: 'remote_base_url' };
}

/**
 * The original only read by URL. The bucket's own address has nothing that the bucket lacks, and may not lead to it at all
 * where another service stands in for Amazon's: the Docker image names it whatever the service.
 */
function settleReading(work: Work): void {
  const url = textSaid(work, 'remote_base_url').replace(/\/+$/, '');
  if (url === '') return;
  const own = `https://s3-${textSaid(work, 'aws_region')}.amazonaws.com/${textSaid(work, 'aws_bucket')}`;
  assign(work, 'settings.storage.readByUrl', url === own ? 'refused' : 'missing', 'remote_base_url');
}

/** Credentials count when both halves of them are there; else the usual chain is asked. */
function settleBucket(work: Work, name: string): void {
  if (textSaid(work, 'aws_bucket') === '')
    work.problems.push({ where: origin(name), message: 'a bucket is needed: --aws_bucket' });
  const [keyPath, secretPath] = ['settings.storage.s3.accessKeyId', 'settings.storage.s3.secretAccessKey'];
  const key = textSaid(work, 'aws_access_key_id') || (work.env['AWS_ACCESS_KEY_ID'] ?? '');
  const other = work.env['AWS_SECRET_ACCESS_KEY'] ? '' : (work.env['AWS_SECRET_KEY'] ?? '');
  const secret = textSaid(work, 'aws_secret_key') || other;
  const isWhole = key !== '' && secret !== '';
  const names = [
    ['AWS_ACCESS_KEY_ID', 'aws_access_key_id'],
    ['AWS_SECRET_KEY', 'aws_secret_key'],
  ] as const;
  for (const [index, path] of [keyPath, secretPath].entries()) {
    const [variable, flag] = names[index]!;
    work.values.set(path, isWhole ? [key, secret][index] : '');
    work.origins.set(path, work.given.has(flag) ? origin(flag) : variable);
  }
  if (!isWhole && (work.given.has('aws_access_key_id') || work.given.has('aws_secret_key')))
    work.notices.push(
      '--aws_access_key_id and --aws_secret_key only count together: credentials are taken from the environment',
    );
  const token = work.env['AWS_SESSION_TOKEN'] ?? '';
  if (isWhole && token !== '' && !work.given.has('aws_access_key_id')) {
    work.values.set('settings.storage.s3.sessionToken', token);
    work.origins.set('settings.storage.s3.sessionToken', 'AWS_SESSION_TOKEN');
  }
}

/** Not link-local addresses: cloud metadata services live there. */
function settleSources(work: Work): void {
  const open = said(work, 'allow-private-sources');
  if (open === undefined) return;
  assign(work, 'sources.http.allowLoopback', open, 'allow-private-sources');
  assign(work, 'sources.http.allowPrivate', open, 'allow-private-sources');
}

/** Unknown events are passed over, but where none is known something else was meant. */
function settleWebhooks(work: Work): void {
  const root = said(work, 'local_base_path');
  if (typeof root === 'string') assign(work, 'webhooks.dir', webhooksBelow(root), 'local_base_path');
  const seconds = said(work, 'webhook-timeout');
  if (typeof seconds === 'number')
    assign(work, 'settings.webhook.timeoutSeconds', seconds === 0 ? 10 : seconds, 'webhook-timeout');
  const events = said(work, 'webhook-events');
  if (!Array.isArray(events)) return;
  const known: readonly string[] = webhookEvents;
  const kept = (events as readonly string[]).filter((each) => known.includes(each));
  const unknown = (events as readonly string[]).filter((each) => !known.includes(each));
  if (unknown.length > 0 && kept.length === 0) {
    work.problems.push({
      where: origin('webhook-events'),
      message: `expected ${known.join(', ')}, got ${JSON.stringify(unknown.join(','))}`,
    });
  } else if (unknown.length > 0) {
    work.notices.push(`--webhook-events: ${unknown.join(', ')} is unknown and changes nothing`);
  }
  assign(work, 'settings.webhook.events', kept, 'webhook-events');
}

function noticeOpen(work: Work): void {
  if (work.values.get('settings.signatures.uploads') === true) return;
  work.notices.push(
    'anybody who can reach this server can upload: set --require-signature and --signing-secrets-file before it faces the net',
  );
}
