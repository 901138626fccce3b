import { readGoDuration } from '../../lib/go-duration.ts';
import { hostPatterns, isHostList } from './hosts.ts';
import { readCache } from './legacy-cache.ts';
import { type FlagReading, type LegacyFlag, legacyFlags, readFlags } from './legacy-flags.ts';
import { type ReadBytes, readKeys } from './legacy-keys.ts';
import { readFlagText } from './legacy-reading.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LegacyParts {
  readonly env: Environment;
  readonly args: readonly string[];
  /** Whether `--name` is a flag of pictor's own. */
  readonly isOurs: (flag: string) => boolean;
  /** For keys that are in files. */
  readonly readBytes: ReadBytes;
}

/** One thing wrong, and where. */
export interface LegacyProblem {
  readonly where: string;
  readonly message: string;
}

export interface LegacyReading {
  /** Settings by path; those of the mount as `settings.scaleUp`. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Variable or flag by the same paths; what is not named is imageproxy's default. */
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

/** Where imageproxy's defaults differ from ours. */
export const legacyDefaults: Readonly<Record<string, unknown>> = {
  'server.bind': 'localhost:8080',
  'server.requestTimeoutSeconds': 10,
  'server.headersTimeoutSeconds': 10,
  'server.writeTimeoutSeconds': 30,
  'server.idleTimeoutSeconds': 120,
  'settings.metrics': true,
  'admin.bind': '',
  'cache.dir': '',
  'freshness.defaultSeconds': 0,
  'freshness.staleWhileRevalidateSeconds': 0,
  'limits.maxPixels': 100_000_000,
  'sources.http.userAgent': 'willnorris/imageproxy',
  // Where no types are listed; otherwise they are what is sent.
  'sources.http.accept': '',
  'sources.http.maxRedirects': 10,
  'sources.http.allowUserInfo': true,
};

interface Value {
  readonly text: string;
  /** `-timeout` or `IMAGEPROXY_TIMEOUT`. */
  readonly origin: string;
}

interface Work extends Omit<LegacyReading, 'values' | 'origins' | 'problems' | 'notices'> {
  readonly given: ReadonlyMap<string, readonly Value[]>;
  readonly readBytes: ReadBytes;
  readonly values: Map<string, unknown>;
  readonly origins: Map<string, string>;
  readonly problems: LegacyProblem[];
  readonly notices: string[];
}

/**
 * Reads imageproxy's variables and flags as our settings. Flags win over variables; those that may be given several times
 * are added to them.
 */
export function fromFlags(parts: LegacyParts): LegacyReading {
  const flags = readFlags(parts.args, parts.isOurs);
  const work: Work = {
    given: givenValues(parts.env, flags),
    readBytes: parts.readBytes,
    values: new Map(Object.entries(legacyDefaults)),
    origins: new Map(),
    rest: flags.rest,
    misuses: flags.misuses,
    problems: [],
    notices: [],
  };
  for (const flag of legacyFlags) readPlain(work, flag);
  settleHosts(work);
  settleSources(work);
  settleKeys(work);
  settleCaches(work, parts.env);
  settleRest(work);
  noticeUnread(work, flags, parts.env);
  return work;
}

export const variablePrefix = 'IMAGEPROXY_';

export const variableOf = ({ name }: LegacyFlag): string => variablePrefix + name.toUpperCase();

/** Values by flag, variables first. Empty variables count as unset, as they did. */
function givenValues(env: Environment, { given }: FlagReading): ReadonlyMap<string, readonly Value[]> {
  return new Map(
    legacyFlags.map((flag) => {
      const variable = flag.flagOnly === true ? '' : (env[variableOf(flag)] ?? '');
      const fromEnv = variable === '' ? [] : [{ text: variable, origin: variableOf(flag) }];
      const fromFlag = given
        .filter((each) => each.flag === flag)
        .map(({ text }) => ({ text, origin: `-${flag.name}` }));
      return [flag.name, [...fromEnv, ...fromFlag]];
    }),
  );
}

const lastOf = (work: Work, name: string): Value | undefined => work.given.get(name)?.at(-1);

function assign(work: Work, path: string, value: unknown, origin: string): void {
  work.values.set(path, value);
  work.origins.set(path, origin);
}

/** The value a flag has at the end, and where it was said; undefined where it was not, or not understood. */
function said(
  work: Work,
  flag: LegacyFlag,
): { readonly value: unknown; readonly origin: string } | undefined {
  const last = lastOf(work, flag.name);
  if (last === undefined) return undefined;
  const reading = readFlagText(flag, last.text);
  if ('value' in reading) return { value: reading.value, origin: last.origin };
  work.problems.push({
    where: last.origin,
    message: `expected ${reading.expected}, got ${JSON.stringify(last.text)}`,
  });
  return undefined;
}

function readPlain(work: Work, flag: LegacyFlag): void {
  if (flag.to === undefined || flag.kind === 'repeated' || flag.name === 'whitelist') return;
  const given = said(work, flag);
  if (given !== undefined) assign(work, flag.to, given.value, given.origin);
}

const flagNamed = (name: string): LegacyFlag => legacyFlags.find((each) => each.name === name)!;

function switchedOn(work: Work, name: string): { readonly on: boolean; readonly origin: string } | undefined {
  const given = said(work, flagNamed(name));
  return given === undefined ? undefined : { on: given.value === true, origin: given.origin };
}

/** Hosts the operator named may be anywhere; denied ones are refused wherever a name or a redirect leads there. */
function settleHosts(work: Work): void {
  const old = said(work, flagNamed('whitelist'));
  if (old !== undefined) {
    const before = (work.values.get('settings.allowHosts') ?? []) as readonly string[];
    assign(work, 'settings.allowHosts', [...before, ...(old.value as readonly string[])], old.origin);
    work.notices.push(`${old.origin} is now called allowHosts`);
  }
  // What is no host is told once, by the settings of the mount.
  const list = (name: string) =>
    ((work.values.get(`settings.${name}`) ?? []) as readonly string[]).filter(isHostList);
  const base = work.values.get('settings.baseUrl');
  const named = [...hostPatterns(list('allowHosts')), ...(typeof base === 'string' ? hostOfBase(base) : [])];
  const origin = (...paths: string[]) =>
    paths.flatMap((path) => work.origins.get(path) ?? []).join(', ') || 'imageproxy default';
  if (named.length > 0) {
    assign(work, 'sources.http.allowedHosts', named, origin('settings.allowHosts', 'settings.baseUrl'));
  }
  const denied = hostPatterns(list('denyHosts'));
  if (denied.length > 0) {
    assign(work, 'sources.http.deniedHosts', denied, origin('settings.denyHosts'));
  }
}

const hostOfBase = (url: string): readonly string[] =>
  /^https?:/i.test(url) && URL.canParse(url) ? [new URL(url).host] : [];

function settleSources(work: Work): void {
  const redirects = switchedOn(work, 'followRedirects');
  if (redirects !== undefined) {
    assign(work, 'sources.http.maxRedirects', redirects.on ? 10 : 0, redirects.origin);
  }
  const open = switchedOn(work, 'allowPrivateSources');
  if (open !== undefined) {
    // Not link-local addresses: cloud metadata services live there.
    assign(work, 'sources.http.allowLoopback', open.on, open.origin);
    assign(work, 'sources.http.allowPrivate', open.on, open.origin);
  }
  const whole = 'sources.http.timeoutSeconds';
  const origin = work.origins.get(whole);
  if (origin === undefined) return;
  if (work.values.get(whole) === 0) {
    work.values.delete(whole);
    work.origins.delete(whole);
    return;
  }
  // One limit over the whole fetch, as the original had it: no shorter one of ours may cut in.
  for (const part of ['connectTimeoutSeconds', 'headersTimeoutSeconds', 'idleTimeoutSeconds']) {
    assign(work, `sources.http.${part}`, work.values.get(whole), origin);
  }
}

function settleKeys(work: Work): void {
  const given = work.given.get('signatureKey') ?? [];
  const readings = given.map(({ text, origin }) => ({ origin, ...readKeys(text, work.readBytes) }));
  for (const { origin, problems, notices } of readings) {
    work.problems.push(...problems.map((message) => ({ where: origin, message })));
    work.notices.push(...notices.map((notice) => `${origin} ${notice}`));
  }
  const keys = readings.flatMap((reading) => reading.keys);
  if (keys.length > 0) {
    assign(work, 'settings.keys', keys, [...new Set(given.map(({ origin }) => origin))].join(', '));
  } else if (((work.values.get('settings.allowHosts') ?? []) as readonly string[]).length === 0) {
    work.notices.push(
      'any image of any host can be asked for: set -allowHosts or -signatureKey before this server faces the net',
    );
  }
}

/** Several caches are layers here anyway: memory, then disk, then Redis, then buckets. Of one kind the last counts. */
function settleCaches(work: Work, env: Environment): void {
  for (const { text, origin } of work.given.get('cache') ?? []) {
    // Folders with a space in their name are none of several.
    const parts = /^\S+(\s+(memory|file:|s3:|redis:|gcs:|azure:|\/)\S*)+\s*$/.test(text)
      ? text.split(/\s+/)
      : [text.trim()];
    for (const part of parts.filter((each) => each !== '')) {
      const { values, notice, problem } = readCache(part, env, readGoDuration);
      for (const [path, value] of Object.entries(values)) assign(work, path, value, origin);
      if (notice !== undefined) work.notices.push(`${origin} ${notice}`);
      if (problem !== undefined) work.problems.push({ where: origin, message: problem });
    }
  }
}

function settleRest(work: Work): void {
  const verbose = switchedOn(work, 'verbose');
  if (verbose?.on === true) assign(work, 'log.level', 'debug', verbose.origin);
  if (lastOf(work, 'version') !== undefined) work.notices.push('-version is deprecated and changes nothing');
}

/** Nothing is passed over in silence. */
function noticeUnread(work: Work, { unread }: FlagReading, env: Environment): void {
  if (unread.length > 0) {
    work.notices.push(
      `not read, because flags end at the first word that is none: ${unread.join(' ')} (write switches as -name=value)`,
    );
  }
  const known = new Set(legacyFlags.filter((flag) => flag.flagOnly !== true).map(variableOf));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(variablePrefix) || known.has(name) || text === undefined || text === '') continue;
    if (!isServiceLink(name.slice(variablePrefix.length)))
      work.notices.push(`${name} is unknown and changes nothing`);
  }
}

/** Variables that Kubernetes makes for a service called imageproxy: nobody set them. */
const isServiceLink = (name: string): boolean =>
  /^(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)$/.test(name);
