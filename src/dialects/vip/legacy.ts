import { compileGlob } from '../../lib/shell-glob.ts';
import { legacyVariables, readFlags } from './legacy-names.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LegacyParts {
  readonly env: Environment;
  readonly args: readonly string[];
  /** Whether `--name` is a flag of pictor's own. */
  readonly isOurs: (flag: string) => boolean;
  readonly isFile: (path: string) => boolean;
}

/** One thing wrong, and where. */
export interface LegacyProblem {
  readonly where: string;
  readonly message: string;
}

export interface LegacyReading {
  /** Settings by path; those of the mount as `settings.maxWidth`. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Variable, flag or file by the same paths; what is not named is vip's default. */
  readonly origins: ReadonlyMap<string, string>;
  /** Flags of pictor's own, for its own reader. */
  readonly rest: readonly string[];
  /** What is wrong with the command line, in Go's words. */
  readonly misuses: readonly string[];
  /** What is wrong with values. No secret is repeated. */
  readonly problems: readonly LegacyProblem[];
  /** What the operator should know. */
  readonly notices: readonly string[];
}

/** Where vip's defaults differ from ours. */
export const legacyDefaults: Readonly<Record<string, unknown>> = {
  'server.bind': ':8080',
  'admin.bind': '',
  'settings.store': 's3',
  'cache.dir': '',
  'cache.memory': 67_108_864,
  'limits.maxPixels': 100_000_000,
};

/** With both, pictures are served over TLS on the one port. */
export const certificateFiles = {
  cert: '/etc/vip/application.pem',
  key: '/etc/vip/application.key',
} as const;

interface Work extends Omit<LegacyReading, 'values' | 'origins' | 'problems' | 'notices'> {
  readonly env: Environment;
  readonly values: Map<string, unknown>;
  readonly origins: Map<string, string>;
  readonly problems: LegacyProblem[];
  readonly notices: string[];
}

/** Reads vip's variables and flags as our settings. Malformed values count as unset, as they did, but are told. */
export function fromFlags(parts: LegacyParts): LegacyReading {
  const { given, unread, rest, misuses } = readFlags(parts.args, parts.isOurs);
  const work: Work = {
    env: parts.env,
    values: new Map(Object.entries(legacyDefaults)),
    origins: new Map(),
    rest,
    misuses,
    problems: [],
    notices: [],
  };
  for (const { flag, text } of given) {
    if (flag.to !== undefined) assign(work, flag.to, `:${text}`, `-${flag.name}`);
  }
  if (unread.length > 0)
    work.notices.push(`not read, because flags end at the first word that is none: ${unread.join(' ')}`);
  readVariables(work);
  checkKeys(work);
  readCertificate(work, parts.isFile);
  if ((parts.env['AUTH_TOKEN'] ?? '') === '')
    work.notices.push('anybody may upload to every bucket: set AUTH_TOKEN before this server faces the net');
  return work;
}

function assign(work: Work, path: string, value: unknown, origin: string): void {
  work.values.set(path, value);
  work.origins.set(path, origin);
}

/** What a text says, and what to know of it; what makes it count as unset; or what is wrong with it. */
type TextReading =
  | { readonly value: unknown; readonly notice?: string }
  | { readonly unset: string }
  | { readonly wrong: string };

/** How the text of a setting is read; as it is where none is said. */
const readers: Readonly<Record<string, (text: string) => TextReading>> = {
  'settings.s3.region': readRegion,
  'settings.allowedOrigins': readOrigins,
  'settings.maxUploadMegabytes': readWhole,
  'settings.maxWidth': (text) => {
    const read = readWhole(text);
    return 'value' in read ? { value: Math.max(0, Number(read.value)) } : read;
  },
  'server.tls.http2': () => ({ value: false }),
  'settings.requireToken': (text) => ({ value: !/^(0|f|false|no|off)$/i.test(text) }),
  'settings.s3.acl': (text) => ({ value: text === 'none' ? '' : text }),
  'settings.buckets': (text) => ({ value: commaList(text) }),
  'settings.allowedWidths': readWidths,
};

function readVariables(work: Work): void {
  const read = new Set<string>();
  for (const { name, to } of legacyVariables) {
    const text = work.env[name] ?? '';
    if (text === '' || read.has(to)) continue;
    read.add(to);
    const reading = readers[to]?.(text) ?? { value: text };
    if ('wrong' in reading) work.problems.push({ where: name, message: reading.wrong });
    else if ('unset' in reading) work.notices.push(`${name}: ${reading.unset}`);
    else {
      assign(work, to, reading.value, name);
      if (reading.notice !== undefined) work.notices.push(`${name}: ${reading.notice}`);
    }
  }
}

/** Any region of the usual form: Amazon has more of them every year. */
function readRegion(text: string): TextReading {
  return /^[a-z]{2}(-[a-z]+)+-\d+$/.test(text)
    ? { value: text }
    : { unset: `${JSON.stringify(text)} is no region, us-east-1 is taken` };
}

/** A pattern that is none matched nothing, and the others did. */
function readOrigins(text: string): TextReading {
  const [good, bad] = [true, false].map((isGood) =>
    commaList(text).filter((pattern) => (compileGlob(pattern) !== null) === isGood),
  ) as [string[], string[]];
  return bad.length === 0
    ? { value: good }
    : { value: good, notice: `${bad.join(', ')}: no pattern, nothing matches it` };
}

function readWhole(text: string): TextReading {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value)
    ? { value }
    : { unset: `${JSON.stringify(text)} is no whole number, the default is taken` };
}

function readWidths(text: string): TextReading {
  const widths = commaList(text);
  return widths.every((width) => /^[1-9]\d{0,6}$/.test(width))
    ? { value: widths.map(Number) }
    : { wrong: `expected widths separated by commas, got ${JSON.stringify(text)}` };
}

const commaList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** A key without its secret is a mistake; a token without a key belongs to the usual chain, which finds it itself. */
function checkKeys({ origins, values, problems }: Work): void {
  const names = ['accessKeyId', 'secretAccessKey', 'sessionToken'].map((name) => `settings.s3.${name}`);
  const [key, secret] = names.map((path) => origins.get(path));
  if (key !== undefined && secret !== undefined) return;
  if (key !== undefined)
    problems.push({ where: key, message: 'its secret is missing: AWS_SECRET_ACCESS_KEY' });
  if (secret !== undefined)
    problems.push({ where: secret, message: 'its key is missing: AWS_ACCESS_KEY_ID' });
  for (const path of names) {
    values.delete(path);
    origins.delete(path);
  }
}

function readCertificate(work: Work, isFile: LegacyParts['isFile']): void {
  const { cert, key } = certificateFiles;
  const found = [cert, key].filter(isFile);
  if (found.length === 2) {
    assign(work, 'server.tls.certFile', cert, cert);
    assign(work, 'server.tls.keyFile', key, key);
  } else if (found.length === 1) {
    work.notices.push(`only ${found[0]!} is there, so TLS is off: it needs ${cert} and ${key}`);
  }
}
