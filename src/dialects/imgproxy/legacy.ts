import { decodeHex } from '../../lib/hex.ts';
import { type InertKind, inertKind, isServiceLink } from './legacy-inert.ts';
import { settleObjects } from './legacy-objects.ts';
import { readPresetVariables } from './legacy-presets.ts';
import { commaList, truth } from './legacy-reading.ts';
import { settleS3 } from './legacy-s3.ts';
import { nameTrustedHosts, settleHead, settleLimits, settleTimes, tellProOptions } from './legacy-settle.ts';
import { composedVariables, type LegacyVariable, legacyVariables } from './legacy-variables.ts';
import {
  assign,
  complaint,
  type Environment,
  type FlagFile,
  type LegacyFlags,
  namesSet,
  prefix,
  read,
  textOf,
  type Work,
} from './legacy-work.ts';

/** A plain tree of our settings; whatever is absent has our default. */
export type PartialConfig = { readonly [key: string]: unknown };

export interface LegacyReading {
  readonly config: PartialConfig;
  /** Variable or flag by path (`server.bind`, `mounts[0].settings.quality`); what is not named here is imgproxy's default. */
  readonly origins: Readonly<Record<string, string>>;
  /** Why the server must not start. No secret is repeated in them. */
  readonly problems: readonly string[];
  /** What the operator should know. */
  readonly notices: readonly string[];
}

/**
 * Reads imgproxy's environment and flags as our configuration. `IMGPROXY_COMPAT=v1` gives version 1's defaults and
 * rules, otherwise they are version 4's. The whole environment may be handed in: other variables are not looked at.
 */
export function fromEnvironment(env: Environment, flags: LegacyFlags = {}): LegacyReading {
  const compat = env[`${prefix}COMPAT`] ?? '';
  const v1 = compat === 'v1';
  const work: Work = { env, flags, v1, values: new Map(), origins: new Map(), problems: [], notices: [] };
  if (!['', 'v1', 'v4'].includes(compat)) work.problems.push(complaint('COMPAT', 'v1 or v4', compat));
  for (const [path, value] of Object.entries(v1 ? v1Defaults : v4Defaults)) work.values.set(path, value);
  if (compat !== '') work.origins.set('settings.compat', `${prefix}COMPAT`);
  readListen(work);
  readKeys(work);
  for (const variable of legacyVariables) readVariable(work, variable);
  readNegotiation(work);
  readPresetVariables(work);
  settleLimits(work);
  settleTimes(work);
  settleHead(work);
  settleS3(work);
  settleObjects(work);
  nameTrustedHosts(work);
  tellProOptions(work);
  reportTheRest(work);
  const origins = Object.fromEntries([...work.origins].map(([path, name]) => [placeOf(path), name]));
  return { config: treeOf(work.values), origins, problems: work.problems, notices: work.notices };
}

/** Where imgproxy's defaults differ from ours. Those of the mount's settings follow `settings.compat`. */
const commonDefaults = {
  'settings.obeyPrivate': false,
  'settings.fallbackImageTtlSeconds': 0,
  'settings.maxAnimationFrames': 1,
  'server.bind': ':8080',
  'server.requestTimeoutSeconds': 10,
  'server.headersTimeoutSeconds': 10,
  'admin.bind': '',
  'engine.timeoutSeconds': 10,
  'sources.http.timeoutSeconds': 5,
  'sources.http.maxRedirects': 10,
  'sources.http.allowUserInfo': true,
  // A source that chooses by it would send another picture than it sent to imgproxy.
  'sources.http.accept': '',
  'sources.http.allowLoopback': false,
  'sources.http.allowLinkLocal': false,
  'sources.http.allowPrivate': true,
};

const v4Defaults = {
  'settings.compat': 'v4',
  ...commonDefaults,
  'limits.maxPixels': 50_000_000,
  'server.trustProxy': ['*'],
};

const v1Defaults = {
  'settings.compat': 'v1',
  ...commonDefaults,
  'server.shutdownTimeoutSeconds': 5,
  'limits.maxPixels': 16_800_000,
  'limits.maxSide': 8192,
};

function readVariable(work: Work, { name, formerly = [], read: reader, to }: LegacyVariable): void {
  const set = [name, ...formerly].filter((each) => textOf(work, each) !== undefined);
  const [used, ...others] = set;
  if (used === undefined) return;
  for (const other of others) work.notices.push(`${prefix}${other} is not used: ${prefix}${used} is set too`);
  if (used !== name && !work.v1) work.notices.push(`${prefix}${used} is now called ${prefix}${name}`);
  const value = read(work, used, reader);
  if (value !== undefined) for (const path of to) assign(work, path, { value, origin: prefix + used });
}

function readListen(work: Work): void {
  const port = work.env.PORT;
  const bind =
    textOf(work, 'BIND') ?? (port === undefined || port === '' ? undefined : `:${port}`) ?? ':8080';
  const network = textOf(work, 'NETWORK') ?? 'tcp';
  const bare = bind.startsWith(':');
  const forms: Readonly<Record<string, string>> = {
    tcp: bind,
    tcp4: bare ? `0.0.0.0${bind}` : bind,
    tcp6: bare ? `[::]${bind}` : bind,
    unix: `unix:${bind}`,
  };
  const origin = namesSet(work, 'BIND', 'NETWORK') ?? (bind === ':8080' ? null : 'PORT');
  if (Object.hasOwn(forms, network)) assign(work, 'server.bind', { value: forms[network], origin });
  else work.problems.push(complaint('NETWORK', 'tcp, tcp4, tcp6 or unix', network));
}

function readKeys(work: Work): void {
  const { keyFile, saltFile } = work.flags;
  const keys = hexList(work, 'KEY', keyFile);
  const salts = hexList(work, 'SALT', saltFile);
  if (keys === null || salts === null) return;
  const names = [keyFile?.name ?? `${prefix}KEY`, saltFile?.name ?? `${prefix}SALT`];
  if (keys.length !== salts.length) {
    work.problems.push(
      `${names.join(' and ')}: as many keys as salts are needed, got ${keys.length} and ${salts.length}`,
    );
    return;
  }
  const value = keys.map((key, index) => ({ key, salt: salts[index] }));
  assign(work, 'settings.keys', { value, origin: keys.length === 0 ? null : names.join(', ') });
  if (keys.length > 0) {
    if (keys.some((key) => key.length < 32))
      work.notices.push(`${prefix}KEY: a key of less than 16 bytes can be guessed`);
  } else if (work.v1) {
    work.problems.push(`${prefix}KEY and ${prefix}SALT are required, as hexadecimal text`);
  } else {
    work.notices.push(
      `URLs are not signed: set ${prefix}KEY and ${prefix}SALT, or anyone can have anything made`,
    );
  }
}

/** Hexadecimal texts of a list; null, and a problem, when one is none. */
function hexList(work: Work, name: string, file: FlagFile | undefined): string[] | null {
  const texts = commaList(file?.text ?? textOf(work, name) ?? '');
  if (texts.every((text) => decodeHex(text) !== null)) return texts;
  work.problems.push(`${file?.name ?? prefix + name}: expected an even number of hexadecimal digits`);
  return null;
}

function readNegotiation(work: Work): void {
  assignFormats(work, 'settings.autoFormats', [
    ['jxl', 'AUTO_JXL'],
    ['avif', 'AUTO_AVIF', 'ENABLE_AVIF_DETECTION'],
    ['webp', 'AUTO_WEBP', 'ENABLE_WEBP_DETECTION'],
  ]);
  assignFormats(work, 'settings.enforceFormats', [
    ['jxl', 'ENFORCE_JXL'],
    ['avif', 'ENFORCE_AVIF'],
    ['webp', 'ENFORCE_WEBP'],
  ]);
}

/** The formats of which a switch is on. @param switches format, then the names of its switches */
function assignFormats(
  work: Work,
  path: string,
  switches: readonly (readonly [format: string, ...names: string[]])[],
): void {
  const isOn = (names: readonly string[]) => names.map((name) => read(work, name, truth)).includes(true);
  const value = switches.filter(([, ...names]) => isOn(names)).map(([format]) => format);
  const origin = namesSet(work, ...switches.flatMap(([, ...names]) => names));
  if (value.length > 0) assign(work, path, { value, origin });
}

/** No variable of imgproxy is passed over in silence. */
function reportTheRest(work: Work): void {
  const read = new Set(legacyVariables.flatMap(({ name, formerly = [] }) => [name, ...formerly]));
  for (const [variable, text] of Object.entries(work.env)) {
    const name = variable.slice(prefix.length);
    if (!variable.startsWith(prefix) || text === undefined || text === '') continue;
    if (read.has(name) || composedVariables.has(name) || isServiceLink(name)) continue;
    reportInert(work, name);
  }
}

const inertNotices: Readonly<Record<Exclude<InertKind, 'secret store'>, string>> = {
  pointless: 'has no meaning here and changes nothing',
  pro: "belongs to imgproxy's Pro edition and changes nothing",
};

function reportInert(work: Work, name: string): void {
  const kind = inertKind(name);
  if (kind === 'secret store') {
    work.problems.push(
      `${prefix}${name}: variables are not fetched from clouds; set them, or name a file that holds them in ${prefix}ENV_LOCAL_FILE_PATH`,
    );
    return;
  }
  const what = kind === null ? 'is unknown and changes nothing' : inertNotices[kind];
  work.notices.push(`${prefix}${name} ${what}`);
}

/** `settings.x` as `mounts[0].settings.x`: where it stands in the whole configuration. */
function placeOf(path: string): string {
  if (path.startsWith('settings.')) return `mounts[0].${path}`;
  return path.startsWith('mount.') ? path.replace(/^mount/, 'mounts[0]') : path;
}

/** `settings.x` and `mount.x` go into the one mount, everything else where its path says. */
function treeOf(values: ReadonlyMap<string, unknown>): PartialConfig {
  const mount: Record<string, unknown> = { prefix: '/', dialect: 'imgproxy', settings: {} };
  const tree: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const keys = path.split('.');
    if (keys[0] === 'settings') put(mount, keys, value);
    else if (keys[0] === 'mount') put(mount, keys.slice(1), value);
    else put(tree, keys, value);
  }
  return { ...tree, mounts: [mount] };
}

function put(tree: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  const [first = '', ...rest] = keys;
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  tree[first] ??= {};
  put(tree[first] as Record<string, unknown>, rest, value);
}
