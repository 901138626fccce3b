import { type LegacyObject, type LegacyProblem, readLegacyJson } from './legacy-json.ts';
import { escapedPath } from './path.ts';
import { formatNamed } from './query.ts';

export interface LegacyParts {
  /** The configuration file. */
  readonly text: string;
  /** What it is called. */
  readonly file: string;
  /** Whether the error image can be read. */
  readonly isFile: (path: string) => boolean;
}

/** A mount as the server takes it: a handler, or the place that answers what none of them does. */
export interface LegacyMount {
  readonly prefix: string;
  readonly dialect: 's3imageserver';
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface LegacyReading {
  /** Settings by path. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Where they stand in the file, by the same paths; what is not named is s3imageserver's default. */
  readonly origins: ReadonlyMap<string, string>;
  readonly mounts: readonly LegacyMount[];
  /** Where parts of the mounts stand: `[0].settings.bucket`. */
  readonly parts: Readonly<Record<string, string>>;
  /** No secret is repeated. */
  readonly problems: readonly LegacyProblem[];
  /** What the operator should know. */
  readonly notices: readonly string[];
}

/** Where s3imageserver's defaults differ from ours. */
export const legacyDefaults: Readonly<Record<string, unknown>> = {
  'server.bind': ':80',
  'admin.bind': '',
  // Made pictures lie where the handlers say.
  'cache.dir': '',
};

interface Work {
  readonly parts: LegacyParts;
  /** Prefixes of the handlers so far, and where they stand. */
  readonly prefixes: Map<string, string>;
  readonly values: Map<string, unknown>;
  readonly origins: Map<string, string>;
  readonly problems: LegacyProblem[];
  readonly notices: string[];
}

/** Reads the configuration of s3imageserver as our settings. */
export function fromJson(parts: LegacyParts): LegacyReading {
  const work: Work = {
    parts,
    prefixes: new Map(),
    values: new Map(Object.entries(legacyDefaults)),
    origins: new Map(),
    problems: [],
    notices: [],
  };
  const root = readLegacyJson(parts.text, (problem) =>
    work.problems.push({ ...problem, where: named(work, problem.where) }),
  );
  if (root === null) return { ...work, mounts: [], parts: {} };
  readListeners(work, root);
  const mounts = root.objects('handlers').flatMap((handler) => readHandler(work, handler));
  const redirects = mounts.map(({ path }) => path);
  return {
    ...work,
    mounts: [
      ...mounts.map(({ prefix, settings }) => ({ prefix, dialect: 's3imageserver' as const, settings })),
      { prefix: '', dialect: 's3imageserver', settings: { redirects } },
    ],
    parts: Object.fromEntries(mounts.flatMap(({ origins }, index) => partsOf(origins, index))),
  };
}

const named = ({ parts }: Work, place: string): string => `${parts.file} ${place}`;

const partsOf = (origins: ReadonlyMap<string, string>, index: number): [string, string][] =>
  [...origins].map(([path, origin]) => [`[${index}].${path}`, origin]);

function assign(work: Work, path: string, value: unknown, place: string): void {
  work.values.set(path, value);
  work.origins.set(path, named(work, place));
}

/** HTTPS needs a key, a certificate and a port of its own; without one of them it was off, and nobody was told. */
function readListeners(work: Work, root: LegacyObject): void {
  const httpPort = portOf(work, root, 'http_port') || 80;
  const httpsPort = portOf(work, root, 'https_port');
  const certFile = root.text('https_cert') ?? '';
  const keyFile = root.text('https_key') ?? '';
  const strict = root.flag('https_strict') ?? false;
  const wanted = root.flag('https_enabled') ?? false;
  assign(work, 'server.bind', `:${httpPort}`, root.place('http_port'));
  if (!wanted) return;
  const lacks = [
    certFile === '' ? 'https_cert' : '',
    keyFile === '' ? 'https_key' : '',
    httpsPort === 0 || httpsPort === httpPort ? 'an https_port of its own' : '',
  ].filter((each) => each !== '');
  if (lacks.length > 0) {
    work.notices.push(`HTTPS is off, because there is no ${lacks.join(' and no ')}`);
    return;
  }
  assign(work, 'server.bind', `:${httpsPort}`, root.place('https_port'));
  assign(work, 'server.plain.bind', `:${httpPort}`, root.place('http_port'));
  assign(work, 'server.plain.redirect', strict, root.place('https_strict'));
  assign(work, 'server.tls.certFile', certFile, root.place('https_cert'));
  assign(work, 'server.tls.keyFile', keyFile, root.place('https_key'));
}

function portOf(work: Work, root: LegacyObject, name: string): number {
  const port = root.whole(name) ?? 0;
  if (port >= 0 && port <= 65_535) return port;
  work.problems.push({ where: named(work, root.place(name)), message: `expected a port, got ${port}` });
  return 0;
}

interface Handler {
  /** As URLs have it, escaped. */
  readonly prefix: string;
  /** The same as it was written, without slashes around it. */
  readonly path: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Where parts of it stand. */
  readonly origins: ReadonlyMap<string, string>;
}

/** A handler as a mount; none where nobody could reach it. */
function readHandler(work: Work, handler: LegacyObject): readonly Handler[] {
  const called = handler.text('prefix') ? 'prefix' : 'name';
  const path = (handler.text(called) ?? '').split('/').filter(Boolean).join('/');
  const where = named(work, handler.place(called));
  if (path === '') {
    work.problems.push({ where, message: 'a handler needs a prefix or a name' });
    return [];
  }
  const twin = work.prefixes.get(path);
  if (twin !== undefined) {
    work.problems.push({ where, message: `the handler at ${twin} has the prefix ${path} too` });
    return [];
  }
  work.prefixes.set(path, where);
  const settings = new Map<string, unknown>();
  const origins = new Map([['prefix', where]]);
  const set: Setter = (path, value, from, name) => {
    if (value === undefined) return;
    settings.set(path, value);
    origins.set(`settings.${path}`, named(work, from.place(name)));
  };
  readBucket(work, handler.object('aws'), set);
  readPictures(work, handler, set);
  readCache(handler, set);
  readVerification(handler, set);
  return [{ prefix: `/${escapedPath(path)}`, path, settings: tree(settings), origins }];
}

/** Undefined values leave the default. */
type Setter = (path: string, value: unknown, from: LegacyObject, name: string) => void;

function readBucket(work: Work, aws: LegacyObject, set: Setter): void {
  const before = work.problems.length;
  const [key, secret] = [aws.text('aws_access'), aws.text('aws_secret')];
  if (work.problems.length === before && !key !== !secret) {
    const [there, lacking] = key ? ['aws_access', 'aws_secret'] : ['aws_secret', 'aws_access'];
    work.problems.push({ where: named(work, aws.place(there)), message: `${lacking} is missing beside it` });
    return;
  }
  set('bucket', aws.text('bucket_name'), aws, 'bucket_name');
  set('keyPrefix', aws.text('file_path'), aws, 'file_path');
  set('accessKeyId', key, aws, 'aws_access');
  set('secretAccessKey', secret, aws, 'aws_secret');
  set('region', aws.text('region'), aws, 'region');
  set('endpoint', aws.text('endpoint'), aws, 'endpoint');
  set('pathStyle', aws.flag('force_path_style'), aws, 'force_path_style');
}

function readPictures(work: Work, handler: LegacyObject, set: Setter): void {
  const errorImage = handler.text('error_image') || undefined;
  if (errorImage !== undefined && !work.parts.isFile(errorImage))
    work.notices.push(
      `${named(work, handler.place('error_image'))}: there is no file ${errorImage}: what is missing is answered without a picture`,
    );
  else set('errorImage', errorImage, handler, 'error_image');
  const format = handler.text('output_format') || 'webp';
  const word = formatNamed(format);
  if (word === null)
    work.notices.push(
      `${named(work, handler.place('output_format'))}: ${format} is none of jpg, png, webp: it is webp`,
    );
  set('format', word ?? undefined, handler, 'output_format');
  const extensions = handler.texts('allowed_formats') ?? [];
  if (extensions.length > 0)
    set(
      'extensions',
      extensions.map((each) => (each.startsWith('.') ? each : `.${each}`)),
      handler,
      'allowed_formats',
    );
  set('autoOrient', handler.flag('auto_orient'), handler, 'auto_orient');
}

function readCache(handler: LegacyObject, set: Setter): void {
  const dir = handler.text('cache_path') ?? '';
  const seconds = handler.whole('cache_time');
  const isOn = (handler.flag('cache_enabled') ?? true) && (seconds ?? 0) >= 0;
  set('cache.dir', isOn ? dir : '', handler, 'cache_path');
  if (isOn) set('cache.seconds', seconds, handler, 'cache_time');
  // It never was bounded: whoever relies on that keeps it.
  set('cache.maxBytes', handler.whole('cache_max_bytes') ?? 0, handler, 'cache_max_bytes');
}

function readVerification(handler: LegacyObject, set: Setter): void {
  set('verify.keyFile', handler.text('jwt_key_file'), handler, 'jwt_key_file');
  set('verify.algorithms', handler.texts('jwt_algorithms'), handler, 'jwt_algorithms');
  set('verify.audience', handler.text('jwt_audience'), handler, 'jwt_audience');
  set('verify.issuer', handler.text('jwt_issuer'), handler, 'jwt_issuer');
}

/** `cache.dir` becomes a field of `cache`. */
function tree(settings: ReadonlyMap<string, unknown>): Readonly<Record<string, unknown>> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of settings) {
    const [section = '', field] = path.split('.');
    if (field === undefined) root[section] = value;
    else root[section] = { ...(root[section] as object | undefined), [field]: value };
  }
  return root;
}
