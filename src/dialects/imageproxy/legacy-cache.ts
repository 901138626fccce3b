/** What one `-cache` value comes to in our settings, by path; or what is wrong with it; or what to know of it. */
export interface CacheReading {
  readonly values: Readonly<Record<string, unknown>>;
  readonly notice?: string;
  readonly problem?: string;
}

const kinds: readonly (readonly [pattern: RegExp, read: (text: string) => CacheReading])[] = [
  [/^memory(:|$)/, readMemory],
  [/^s3:/i, readS3],
  [/^rediss?:/i, (url) => ({ values: { 'cache.redis.url': url } })],
  [/^(gcs|azure):/i, (url) => ({ values: {}, problem: `${url}: this kind of cache is not supported yet` })],
  [/^file:/i, readFileUrl],
  [/^[a-z][a-z0-9+.-]+:\/\//i, (url) => ({ values: {}, problem: `${url}: no such kind of cache` })],
];

/** Reads `memory:100:4h`, a folder, `file:///folder`, `s3://region/bucket/prefix?endpoint=…` or `redis://…`. */
export function readCache(text: string): CacheReading {
  const read = kinds.find(([pattern]) => pattern.test(text))?.[1];
  return read === undefined ? { values: { 'cache.dir': text } } : read(text);
}

const megabyte = 1_000_000;

function readMemory(text: string): CacheReading {
  const [, size, age, ...more] = text.split(':');
  if (size === undefined) return { values: {} };
  if (!/^\d+$/.test(size) || more.length > 0) {
    return { values: {}, problem: `${text}: expected memory:{megabytes}, for instance memory:200` };
  }
  const values = { 'cache.memory': Number(size) * megabyte };
  if (age === undefined) return { values };
  return {
    values,
    notice: `${text}: the age changes nothing; images are kept as long as their sources allow and memory lasts`,
  };
}

function readFileUrl(text: string): CacheReading {
  if (!URL.canParse(text)) return { values: {}, problem: `${text}: expected file:///folder` };
  return { values: { 'cache.dir': decodeURIComponent(new URL(text).pathname) } };
}

function readS3(text: string): CacheReading {
  const match = /^s3:\/\/([^/?]*)\/([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/i.exec(text);
  if (match === null) return { values: {}, problem: `${text}: expected s3://region/bucket/prefix` };
  const [, region = '', bucket, prefix = '', query = ''] = match;
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
      ...(prefix === '' ? {} : { 'cache.s3.prefix': `${prefix.replace(/\/+$/, '')}/` }),
      ...(region === '' ? {} : { 'cache.s3.region': region }),
      ...(url === ''
        ? {}
        : { 'cache.s3.endpoint': url, 'cache.s3.pathStyle': isTrue(parameters.get('s3ForcePathStyle')) }),
    },
  };
}

const isTrue = (text: string | null): boolean => text === '1' || text === 'true';
