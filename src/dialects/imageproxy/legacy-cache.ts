/** What one `-cache` value comes to in our settings, by path; or what is wrong with it; or what to know of it. */
export interface CacheReading {
  readonly values: Readonly<Record<string, unknown>>;
  readonly notice?: string;
  readonly problem?: string;
}

/** Where credentials of caches may stand. */
type Environment = Readonly<Record<string, string | undefined>>;

type Read = (text: string, env: Environment, readDuration: (text: string) => number | null) => CacheReading;

const kinds: readonly (readonly [pattern: RegExp, read: Read])[] = [
  [/^memory(:|$)/, readMemory],
  [/^s3:/i, readS3],
  [/^rediss?:/i, readRedis],
  [/^gcs:/i, readGcs],
  [/^azure:/i, readAzure],
  [/^file:/i, readFileUrl],
  [/^[a-z][a-z0-9+.-]+:\/\//i, (url) => ({ values: {}, problem: `${url}: no such kind of cache` })],
];

/** Folders, buckets and containers are gone on with: entries lie where imageproxy would have put them. */
const sameLayout = { 'cache.layout': 'imageproxy' };

/**
 * Reads `memory:100:4h`, a folder, `file:///folder`, `s3://region/bucket/prefix?endpoint=…`, `gcs://bucket/prefix`,
 * `azure://container/` or `redis://…`.
 * @param env REDIS_PASSWORD, AZURESTORAGE_* and the older names of AWS keys are read, as imageproxy did
 */
export function readCache(
  text: string,
  env: Environment,
  readDuration: (text: string) => number | null,
): CacheReading {
  const read = kinds.find(([pattern]) => pattern.test(text))?.[1];
  return read === undefined
    ? { values: { 'cache.dir': text, ...sameLayout } }
    : read(text, env, readDuration);
}

const megabyte = 1_000_000;

function readMemory(
  text: string,
  _: Environment,
  readDuration: (text: string) => number | null,
): CacheReading {
  const [, size, age, ...more] = text.split(':');
  if (size === undefined) return { values: {} };
  const seconds = age === undefined ? 0 : readDuration(age);
  if (!/^\d+$/.test(size) || seconds === null || seconds < 0 || more.length > 0) {
    return {
      values: {},
      problem: `${text}: expected memory:{megabytes}:{age}, for instance memory:200 or memory:200:4h`,
    };
  }
  const values = { 'cache.memory': Number(size) * megabyte };
  return { values: seconds === 0 ? values : { ...values, 'cache.memorySeconds': seconds } };
}

function readFileUrl(text: string): CacheReading {
  if (!URL.canParse(text)) return { values: {}, problem: `${text}: expected file:///folder` };
  return { values: { 'cache.dir': decodeURIComponent(new URL(text).pathname), ...sameLayout } };
}

/** A password in the URL wins over the one beside it. */
function readRedis(text: string, env: Environment): CacheReading {
  const password = env['REDIS_PASSWORD'] ?? '';
  if (password === '' || !URL.canParse(text)) return { values: { 'cache.redis.url': text } };
  const url = new URL(text);
  if (url.password === '') url.password = password;
  return { values: { 'cache.redis.url': url.href } };
}

const asPrefix = (text: string): string => {
  const plain = text.replace(/^\/+|\/+$/g, '');
  return plain === '' ? '' : `${plain}/`;
};

function readGcs(text: string): CacheReading {
  const match = /^gcs:\/\/([^/?#]+)(?:\/([^?#]*))?$/i.exec(text);
  if (match === null) return { values: {}, problem: `${text}: expected gcs://bucket/prefix` };
  const [, bucket, prefix = ''] = match;
  return { values: { 'cache.gcs.bucket': bucket, 'cache.gcs.prefix': asPrefix(prefix), ...sameLayout } };
}

function readAzure(text: string, env: Environment): CacheReading {
  const match = /^azure:\/\/([^/?#]*)\/?$/i.exec(text);
  if (match === null) return { values: {}, problem: `${text}: expected azure://container/` };
  return {
    values: {
      'cache.abs.container': match[1] || 'cache',
      'cache.abs.prefix': '',
      'cache.abs.accountName': env['AZURESTORAGE_ACCOUNT_NAME'] ?? '',
      'cache.abs.accountKey': env['AZURESTORAGE_ACCESS_KEY'] ?? '',
      ...sameLayout,
    },
  };
}

function readS3(text: string, env: Environment): CacheReading {
  const match = /^s3:\/\/([^/?]*)\/([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/i.exec(text);
  if (match === null) return { values: {}, problem: `${text}: expected s3://region/bucket/prefix` };
  const [, place = '', bucket, prefix = '', query = ''] = match;
  const region = regionOf(place);
  const parameters = new URLSearchParams(query);
  const endpoint = parameters.get('endpoint') ?? '';
  const plain = isTrue(parameters.get('disableSSL'));
  const url =
    endpoint === '' || /^https?:\/\//i.test(endpoint)
      ? endpoint
      : `${plain ? 'http' : 'https'}://${endpoint}`;
  return {
    values: {
      'cache.s3.bucket': bucket,
      'cache.s3.prefix': asPrefix(prefix),
      ...sameLayout,
      ...(region === '' ? {} : { 'cache.s3.region': region }),
      ...(url === ''
        ? {}
        : { 'cache.s3.endpoint': url, 'cache.s3.pathStyle': isTrue(parameters.get('s3ForcePathStyle')) }),
      ...olderKeys(env),
    },
  };
}

/** Before version 0.7 the host of the service stood there: s3-eu-west-1.amazonaws.com, or s3.amazonaws.com. */
function regionOf(place: string): string {
  const host = /^s3(?:[.-]([a-z0-9-]+))?\.amazonaws\.com$/i.exec(place);
  return host === null ? place : (host[1] ?? 'us-east-1');
}

/** Names of AWS variables that only older libraries read, where those of today do not say it all. */
function olderKeys(env: Environment): Readonly<Record<string, string>> {
  const {
    AWS_ACCESS_KEY_ID: id = '',
    AWS_SECRET_ACCESS_KEY: secret = '',
    AWS_SESSION_TOKEN: token = '',
  } = env;
  const accessKeyId = id || (env['AWS_ACCESS_KEY'] ?? '');
  const secretAccessKey = secret || (env['AWS_SECRET_KEY'] ?? '');
  const isComplete = id !== '' && secret !== '';
  if (isComplete || accessKeyId === '' || secretAccessKey === '' || token !== '') return {};
  return { 'cache.s3.accessKeyId': accessKeyId, 'cache.s3.secretAccessKey': secretAccessKey };
}

const isTrue = (text: string | null): boolean => text === '1' || text === 'true';
